import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Browser, BrowserContext } from 'playwright-core';
import { demoMap } from '../src/cli/demoMap.js';
import { readTextFile } from '../src/map/posedFolder.js';
import { parseTum } from '../src/map/tum.js';
import { securityHeaders } from '../src/server/headers.js';
import { ffmpeg, hasFfmpeg } from './clips.js';
import {
  buildPages,
  nameless,
  skipWithoutChromium,
  startChromium,
  unreadable,
  watchPage,
  widthOf,
} from './support/chromium.js';
import { listenTo, type ServeProcess, startServe, workerOf } from './support/serveProcess.js';
import { repositoryPath } from './support/shared.js';
import { until } from './support/until.js';

/** Both pages against the real server: a browser's camera, the real pipeline, a worker that dies. */
const skip = skipWithoutChromium || (hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH');
const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const drive = (file: string) => town('day-other-lane', file);
const scratch = mkdtempSync(join(tmpdir(), 'posestream-phone-'));
const pageDir = join(scratch, 'page');
let server: ServeProcess;
let browser: Browser;

before(async () => {
  if (skip) return;
  const clip = join(scratch, 'camera.y4m');
  ffmpeg('-ss', '4', '-i', drive('video.mp4'), '-t', '4', '-pix_fmt', 'yuv420p', clip);
  const map = await demoMap(town('day-map'), new AbortController().signal);
  const config = join(scratch, 'posestream.yaml');
  const camera = `intrinsics: ${drive('intrinsics.json')}`;
  const streams = [`  - { id: phone, source: 'push:', ${camera} }`];
  writeFileSync(config, [`map: ${map}`, 'streams:', ...streams].join('\n'));
  [server, browser] = await Promise.all([
    startServe(config),
    startChromium(
      // Pages handed in from here have no address of their own, and may not call this machine otherwise.
      '--disable-features=LocalNetworkAccessChecks',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${clip}`,
    ),
    buildPages(pageDir),
  ]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** The pages of now in the place of those that were last built, under the server's own policy. */
async function servePages(context: BrowserContext): Promise<void> {
  await context.route(
    (url) => existsSync(fileOf(url)),
    (route) => {
      const url = new URL(route.request().url());
      return route.fulfill({ path: fileOf(url), headers: { ...securityHeaders(url.host), ...typeOf(url) } });
    },
  );
}

const fileOf = ({ pathname }: URL): string =>
  join(pageDir, pathname === '/' ? 'index.html' : pathname === '/phone' ? 'phone.html' : pathname);
const typeOf = (url: URL) =>
  ({ html: { 'content-type': 'text/html' }, css: { 'content-type': 'text/css' } })[
    fileOf(url).split('.').at(-1) ?? ''
  ] ?? { 'content-type': 'text/javascript' };

test('a phone sends its camera and gets real poses back', { skip }, async (t) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    permissions: ['camera'],
  });
  t.after(() => context.close());
  await servePages(context);
  const page = await context.newPage();
  const watched = watchPage(page, server.url);
  const client = await listenTo(server.url);
  t.after(() => client.close());
  await page.goto(`${server.url}phone`);
  await page.getByRole('button', { name: 'Start sending' }).click();
  await page
    .locator('.line-state')
    .filter({ hasText: /^Sending$/ })
    .waitFor();
  const found = () => client.poses('phone').flatMap((pose) => (pose.state === 'posed' ? [pose] : []));
  await until(() => found().length >= 15, 'poses of the phone');
  await page.waitForSelector('.status.tone-posed');
  const path = drive('poses.tum');
  const truth = parseTum(readTextFile(path), path).map(({ worldFromCam }) => worldFromCam.t);
  // The road the clip was filmed on; frames of the clip are up to 1 m apart.
  for (const { position } of found()) {
    const offM = Math.min(...truth.map((t) => Math.hypot(...t.map((v, i) => v - position[i]))));
    assert.ok(offM < 1, `${offM} m off the road`);
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await unreadable(page), [], colorScheme);
  }
  assert.deepEqual(await nameless(page), []);
  assert.ok((await widthOf(page)) <= 390);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Start sending' }).waitFor();
  assert.deepEqual(watched, { problems: [], foreign: [] });
});

test('without leave, and where no stream takes video, the page says what to do', { skip }, async (t) => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  t.after(() => context.close());
  await servePages(context);
  const page = await context.newPage();
  await page.addInitScript(
    "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))",
  );
  await page.goto(`${server.url}phone`);
  await page.getByRole('button', { name: 'Start sending' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /No leave to use the camera.*Allow the camera/s })
    .waitFor();
  await page.addInitScript("Object.defineProperty(window, 'isSecureContext', { value: false })");
  await page.routeWebSocket(/\/poses/, (socket) => {
    const upstream = socket.connectToServer();
    upstream.onMessage((text) =>
      socket.send(String(text).replaceAll('"takesVideo":true', '"takesVideo":false')),
    );
  });
  await page.goto(`${server.url}phone`);
  await page.getByText('No stream takes video').waitFor();
  await page.getByText("source: 'push:'").waitFor();
});

test('the worker is killed; the page says so, keeps its socket and has poses again', { skip }, async (t) => {
  const context = await browser.newContext({
    ...{ viewport: { width: 900, height: 500 }, reducedMotion: 'reduce', permissions: ['camera'] },
  });
  t.after(() => context.close());
  await servePages(context);
  const sender = await context.newPage();
  await sender.goto(`${server.url}phone`);
  await sender.getByRole('button', { name: 'Start sending' }).click();
  const page = await context.newPage();
  const watched = watchPage(page, server.url);
  let sockets = 0;
  page.on('websocket', (socket) => {
    if (socket.url().includes('/poses')) sockets++;
  });
  await page.goto(server.url);
  await page.waitForSelector('.status.tone-posed');
  const worker = workerOf(server.child.pid!);
  assert.ok(worker, 'no worker');
  process.kill(worker, 'SIGKILL');
  await page.locator('.status').filter({ hasText: 'Source down' }).waitFor();
  await page.waitForSelector('.status.tone-posed');
  assert.equal(sockets, 1);
  assert.deepEqual(watched, { problems: [], foreign: [] });
});
