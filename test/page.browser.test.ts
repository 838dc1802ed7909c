import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { type FakeServer, startFakeServer } from './fakeGateway.js';

/** The built page in a real browser against the real gateway, fed with a made-up drive. */
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM} (apt-get install chromium)`;
// Software rendering on a busy machine: long, and reached only when something is broken.
const PATIENCE_MS = 90_000;

const pageDir = mkdtempSync(join(tmpdir(), 'posestream-page-'));
const problems: string[] = [];
const foreign: string[] = [];
let server: FakeServer;
let browser: Browser;
let page: Page;

before(async () => {
  if (skip) return;
  const root = new URL('../web', import.meta.url).pathname;
  await build({ root, logLevel: 'error', build: { outDir: pageDir, emptyOutDir: true } });
  server = await startFakeServer(5, { pageDir });
  server.setLost(false);
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--ignore-gpu-blocklist',
      '--disable-background-networking',
    ],
  });
  page = await browser.newPage({ viewport: { width: 920, height: 600 } });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(server.gateway.url)) foreign.push(request.url());
  });
  await page.goto(server.gateway.url);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(pageDir, { recursive: true });
});

const textOf = async (selector: string): Promise<string> =>
  (await page.locator(selector).textContent()) ?? '';

/** Number of distinct colours on the screen where this element is, and of pixels as green as an inlier. */
async function colours(selector: string): Promise<{ distinct: number; green: number }> {
  const box = await page.locator(selector).boundingBox();
  assert.ok(box, `${selector} is not on the screen`);
  const [left, top] = [Math.ceil(box.x), Math.ceil(box.y)];
  const area = { left, top, width: Math.floor(box.width) - 2, height: Math.floor(box.height) - 2 };
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(await page.screenshot())
    .extract(area)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const seen = new Set<number>();
  let green = 0;
  for (let i = 0; i < data.length; i += info.channels) {
    seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    if (data[i + 1] > 180 && data[i] < 100 && data[i + 2] < 180) green++;
  }
  return { distinct: seen.size, green };
}

test('poses move, the map and the picture with its inliers are drawn', { skip }, async () => {
  await page.waitForSelector('.status.tone-posed');
  const first = await textOf('.xyz');
  await page.locator('.xyz').filter({ hasNotText: first }).waitFor();
  await page.waitForSelector('.picture:not(.is-empty)');
  assert.match(await textOf('.readings'), /Error against the truth\s*\d/);
  assert.ok((await colours('.plan canvas')).distinct > 5, 'the plan is blank');
  assert.ok((await colours('.view3d canvas')).distinct > 10, 'the 3D view is blank');
  assert.ok((await colours('.picture canvas')).green > 50, 'no inliers in the picture');
});

test('a lost frame is told in words, and the last pose stays, marked as old', { skip }, async (t) => {
  server.setLost(true);
  t.after(() => server.setLost(false));
  const told = /Lost.*do not agree on one pose.*Last pose .+ ago/s;
  await page.locator('.status.tone-lost').filter({ hasText: told }).waitFor();
  assert.equal(await page.locator('.figures.is-stale').count(), 1);
  await page.locator('[role=status]').filter({ hasText: 'Lost' }).waitFor({ state: 'attached' });
  server.setLost(false);
  await page.waitForSelector('.status.tone-posed');
});

test('another stream shows its own state', { skip }, async () => {
  await page.getByRole('button', { name: /rear camera/ }).click();
  await page.locator('.status').filter({ hasText: 'Source down' }).waitFor();
  // Nothing of the other stream may stay on the screen.
  await page.waitForSelector('.picture.is-empty');
  assert.match(await textOf('.readings'), /No frame measured yet/);
  await page.getByRole('button', { name: /front camera/ }).click();
  await page.waitForSelector('.status.tone-posed');
});

test('it runs under its own policy and asks nobody else', { skip }, () => {
  assert.deepEqual(problems, []);
  assert.deepEqual(foreign, []);
});

test('a server that goes away is said so, and found again by itself', { skip }, async () => {
  const port = Number(new URL(server.gateway.url).port);
  await server.stop();
  await page.waitForSelector('.status.tone-down');
  assert.match(await textOf('.status'), /Disconnected/);
  server = await startFakeServer(5, { pageDir, port });
  server.setLost(false);
  await page.waitForSelector('.status.tone-posed');
});
