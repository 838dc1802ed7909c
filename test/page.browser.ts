import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { parseTum } from '../src/map/tum.js';
import type { HelloMessage, PosedMessage, ServerMessage } from '../src/server/wire.js';
import { type FakeServer, startFakeServer } from './fakeGateway.js';
import { FAKE_CAMERA, fakeMap } from './fakeScene.js';
import { PASS, startChaosProxy } from './support/chaosProxy.js';
import {
  buildPages,
  nameless,
  skipWithoutChromium as skip,
  startChromium,
  unreadable,
  watchPage,
  widthOf,
} from './support/chromium.js';

/** The built page in a real browser against the real gateway, fed with a made-up drive. */
const pageDir = mkdtempSync(join(tmpdir(), 'posestream-page-'));
const heard: ServerMessage[] = [];
let watched: ReturnType<typeof watchPage>;
let server: FakeServer;
let browser: Browser;
let page: Page;

before(async () => {
  if (skip) return;
  await buildPages(pageDir);
  server = await startFakeServer(5, { pageDir });
  server.setLost(false);
  browser = await startChromium();
  page = await browser.newPage({ viewport: { width: 920, height: 640 }, reducedMotion: 'reduce' });
  watched = watchPage(page, server.gateway.url);
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/poses')) return;
    socket.on('framereceived', ({ payload }) => heard.push(JSON.parse(String(payload)) as ServerMessage));
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
  await page.locator(selector).scrollIntoViewIfNeeded();
  const box = await page.locator(selector).boundingBox();
  assert.ok(box, `${selector} is not on the screen`);
  const [left, top] = [Math.ceil(box.x), Math.ceil(box.y)];
  const area = { left, top, width: Math.floor(box.width) - 2, height: Math.floor(box.height) - 2 };
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(await page.screenshot({ timeout: 90_000 }))
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
  await page
    .locator('.reasons')
    .filter({ hasText: /few inliers\s*\d+.*Check the intrinsics/s })
    .waitFor();
  server.setLost(false);
  await page.waitForSelector('.status.tone-posed');
});

test('what is wrong with a stream as a whole is told with its mend', { skip }, async (t) => {
  const hint = 'Calibrate the camera.';
  server.setWarning({ code: 'E_INTRINSICS_SUSPECT', message: 'Another focal length fits.', hint });
  t.after(() => server.setWarning(undefined));
  const warning = page.getByRole('region', { name: 'Warning' });
  await warning.getByText(hint).waitFor();
  server.setWarning(undefined);
  await warning.waitFor({ state: 'detached' });
});

test('going back in time holds the page still, by keys alone, and shows that moment', { skip }, async () => {
  const before = posed().length;
  while (posed().length < before + 8) await page.waitForTimeout(50);
  await page.getByRole('slider').focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft');
  await page.locator('.live').filter({ hasText: 'Paused at' }).waitFor();
  await page.waitForSelector('.shell.is-past');
  const at = await textOf('.readings');
  const frame = Number(/Frame([\d,]+)/.exec(at)?.[1].replace(',', ''));
  const then = posed().find(({ sequence }) => sequence === frame);
  assert.ok(then, `no frame ${frame} was heard`);
  for (const value of then.position) assert.ok(at.includes(value.toFixed(2)), `${value} is not in ${at}`);
  const later = posed().length + 3;
  while (posed().length < later) await page.waitForTimeout(50);
  const figures = (text: string): string => text.slice(0, text.indexOf('Time per frame'));
  assert.equal(figures(await textOf('.readings')), figures(at), 'what comes in moves nothing');
  await page.keyboard.press('k');
  await page.locator('.live[aria-pressed=true]').waitFor();
  await page
    .locator('.xyz')
    .filter({ hasNotText: then.position[0].toFixed(2) })
    .waitFor();
});

/** As received, without what came twice. */
function posed(): PosedMessage[] {
  const all = heard.filter((m): m is PosedMessage => m.type === 'pose' && m.state === 'posed');
  return all.filter((pose, i) => pose.sequence !== all[i - 1]?.sequence);
}

test('the visible span is saved as TUM: every pose received, to the last bit', { skip }, async () => {
  await page.getByRole('button', { name: '15 min' }).click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as TUM' }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^front-\d{4}-.*\.tum$/);
  const path = await file.path();
  const text = readFileSync(path, 'utf8');
  const rows = text.split('\n').flatMap((line) => (/^\d/.test(line) ? [line.split(' ').map(Number)] : []));
  assert.equal(parseTum(text, path).length, rows.length);
  // A little more is heard while the file is written.
  const wanted = posed().slice(0, rows.length);
  assert.ok(rows.length >= 10 && rows.length >= posed().length - 20, `${rows.length} of ${posed().length}`);
  assert.deepEqual(
    rows,
    wanted.map(({ timestampS, position, orientation }) => [timestampS, ...position, ...orientation]),
  );
});

test('another stream shows its own state', { skip }, async () => {
  await page.keyboard.press('2');
  await page.locator('.status').filter({ hasText: 'Source down' }).waitFor();
  // Nothing of the other stream may stay on the screen.
  await page.waitForSelector('.picture.is-empty');
  assert.match(await textOf('.readings'), /No frame measured yet/);
  await page.getByRole('button', { name: /front camera/ }).click();
  await page.waitForSelector('.status.tone-posed');
});

test('streams come and go and the map is swapped, without a reload', { skip }, async () => {
  await page.evaluate('globalThis.isSamePage = true');
  server.gateway.addStream({ id: 'side', label: 'side camera', camera: FAKE_CAMERA });
  await page.getByRole('button', { name: /side camera/ }).waitFor();
  server.gateway.removeStream('side');
  await page.getByRole('button', { name: /side camera/ }).waitFor({ state: 'detached' });
  const old = fakeMap();
  const other = {
    ...fakeMap(2, 5000),
    sha256: 'cd'.repeat(32),
    header: { ...old.header, name: 'other street' },
  };
  const fetched = page.waitForResponse(/\/api\/map$/);
  server.gateway.setMap(other);
  assert.equal((await fetched).status(), 200);
  await page.locator('.map-name').filter({ hasText: 'other street' }).waitFor();
  await page.waitForSelector('.status.tone-posed');
  assert.ok((await colours('.view3d canvas')).distinct > 10, 'the 3D view is blank');
  assert.equal(await page.evaluate('globalThis.isSamePage'), true);
});

test('every control has a name and keys, every word contrast, in light and dark', { skip }, async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await unreadable(page), [], colorScheme);
  }
  assert.deepEqual(await nameless(page), []);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: /Keys/ }).waitFor();
  assert.deepEqual(await unreadable(page), []);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.setViewportSize({ width: 390, height: 800 });
  const wide = await widthOf(page);
  await page.setViewportSize({ width: 920, height: 640 });
  assert.ok(wide <= 390, `${wide} px wide on a phone`);
});

test('it runs under its own policy and asks nobody else', { skip }, () => {
  assert.deepEqual(watched, { problems: [], foreign: [] });
});

test('a server without streams says what to do', { skip }, async (t) => {
  const empty = await browser.newPage({ viewport: { width: 500, height: 400 } });
  t.after(() => empty.close());
  const hello = heard.find((m): m is HelloMessage => m.type === 'hello');
  await empty.routeWebSocket(/\/poses/, (socket) => socket.send(JSON.stringify({ ...hello, streams: [] })));
  await empty.goto(server.gateway.url);
  await empty.getByText('No streams yet').waitFor();
  await empty.waitForTimeout(100);
  assert.match((await empty.locator('.status').textContent()) ?? '', /No stream.*The server runs/);
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

test('a line that goes dead without a word is noticed and replaced', { skip }, async (t) => {
  const proxy = await startChaosProxy(Number(new URL(server.gateway.url).port));
  t.after(async () => {
    await page.close();
    await proxy.close();
  });
  await page.goto(`http://127.0.0.1:${proxy.port}/`);
  await page.waitForSelector('.status.tone-posed');
  proxy.set({ kind: 'hold' });
  await page.locator('.status').filter({ hasText: 'Disconnected' }).waitFor();
  proxy.set(PASS);
  await page.waitForSelector('.status.tone-posed');
});
