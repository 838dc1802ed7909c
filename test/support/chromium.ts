import { existsSync, readFileSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** `false` where there is a browser, otherwise why the test is skipped. */
export const skipWithoutChromium: string | false = existsSync(CHROMIUM)
  ? false
  : `no Chromium at ${CHROMIUM} (apt-get install chromium)`;

/** Software rendering on a busy machine: long, and reached only when something is broken. */
export const PATIENCE_MS = 90_000;

/** Debian's Chromium; the 3D view is drawn without a graphics card, in the browser's own process. */
export function startChromium(...args: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--ignore-gpu-blocklist',
      '--in-process-gpu',
      '--disable-background-networking',
      ...args,
    ],
  });
}

/** The pages as they are shipped, from the sources of now. */
export async function buildPages(outDir: string): Promise<void> {
  const root = new URL('../../web', import.meta.url).pathname;
  await build({ root, logLevel: 'error', build: { outDir, emptyOutDir: true } });
}

/** What no page may do: complain, or ask anybody but its own server. */
export function watchPage(
  page: Page,
  ownUrl: string,
): { readonly problems: string[]; readonly foreign: string[] } {
  const [problems, foreign]: [string[], string[]] = [[], []];
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(ownUrl) && !request.url().startsWith('blob:')) foreign.push(request.url());
  });
  return { problems, foreign };
}

const QUESTIONS = readFileSync(new URL('inPage.js', import.meta.url), 'utf8')
  .trim()
  .replace(/;$/, '');
const ask = <T>(page: Page, question: string): Promise<T> => page.evaluate(`${QUESTIONS}.${question}()`);

/** Visible words whose contrast to what is behind them is below WCAG 2's AA: 4.5, or 3 where they are large. */
export const unreadable = (page: Page): Promise<string[]> => ask(page, 'unreadable');

/** Controls, pictures and regions without a name, and controls that keys do not reach. */
export const nameless = (page: Page): Promise<string[]> => ask(page, 'nameless');

/** Pixels the page would need beside each other. */
export const widthOf = (page: Page): Promise<number> => ask(page, 'width');
