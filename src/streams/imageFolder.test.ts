import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { hasFfmpeg, pinhole, sharedFile, tempFolder } from '../../test/clips.js';
import { type ErrorCode, PosestreamError } from '../domain/errors.js';
import type { Frame } from '../domain/frame.js';
import { bufferPool } from './bufferPool.js';
import { grayFilter } from './decode.js';
import { probeImage, readGray } from './grayImage.js';
import { type ImageEntry, openImages } from './imageFolder.js';

const folder = tempFolder();

/** A colour gradient with a bright top left corner. */
async function makeImage(name: string, widthPx: number, heightPx: number, orientation = 1): Promise<string> {
  const pixels = Buffer.alloc(widthPx * heightPx * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * (1 + (i % 3))) % 251;
  for (let y = 0; y < 20; y++) pixels.fill(255, y * widthPx * 3, y * widthPx * 3 + 60);
  const path = join(folder, name);
  const image = sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  await image.withMetadata({ orientation }).toFile(path);
  return path;
}

const entry = (path: string, camera = pinhole(320, 240), timestampS = 0): ImageEntry => ({
  ...{ name: path.split('/').at(-1)!, path, timestampS, camera },
});

async function collect(entries: readonly ImageEntry[], maxSidePx = 4096): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of openImages(entries, { maxSidePx })) frames.push(frame);
  return frames;
}

const code = (wanted: ErrorCode) => (error: unknown) =>
  error instanceof PosestreamError && error.code === wanted && Boolean(error.hint);

test('frames carry the order, names and times they were given', async () => {
  const path = await makeImage('a.png', 320, 240);
  const frames = await collect([2.5, 0.1, 7].map((t) => entry(path, pinhole(320, 240), t)));
  assert.deepEqual(
    frames.map((f) => [f.name, f.timestampS, f.sequence, f.captureClock]),
    [
      ['a.png', 2.5, 0, 'media'],
      ['a.png', 0.1, 1, 'media'],
      ['a.png', 7, 2, 'media'],
    ],
  );
  assert.equal(new Set(frames.map((f) => f.pixels)).size, 3);
});

test('luma is BT.601 of the stored values', async () => {
  const path = join(folder, 'one.png');
  const rgb = { r: 200, g: 30, b: 90 };
  await sharp({ create: { width: 64, height: 64, channels: 3, background: rgb } }).toFile(path);
  const [frame] = await collect([entry(path, pinhole(64, 64))]);
  assert.deepEqual(new Set(frame.pixels), new Set([Math.round(0.299 * 200 + 0.587 * 30 + 0.114 * 90)]));
});

// CMYK goes through an ink profile; grays come out darker.
for (const [kind, tolerance, make] of [
  ['16-bit gray', 1, (s: Sharp) => s.toColourspace('grey16').png()],
  ['transparent', 1, (s: Sharp) => s.ensureAlpha(0.5).png()],
  ['palette', 1, (s: Sharp) => s.png({ palette: true })],
  ['CMYK', 16, (s: Sharp) => s.toColourspace('cmyk').jpeg({ quality: 95 })],
] as const)
  test(`${kind} images give the same gray`, async () => {
    const path = join(folder, `${kind.replace(' ', '-')}.img`);
    const flat = sharp({ create: { width: 80, height: 70, channels: 3, background: '#808080' } });
    writeFileSync(path, await make(flat).toBuffer());
    const [frame] = await collect([entry(path, pinhole(80, 70))]);
    assert.equal(frame.pixels.length, 5600);
    for (const value of frame.pixels) assert.ok(Math.abs(value - 128) <= tolerance, String(value));
  });

test('fits the longest side, never enlarges, scales the camera', async () => {
  const path = await makeImage('b.jpg', 640, 360);
  const [small] = await collect([entry(path, pinhole(320, 180, 250))], 160);
  assert.deepEqual(small.camera, pinhole(160, 90, 125));
  const [same] = await collect([entry(path, pinhole(640, 360))], 5000);
  assert.deepEqual([same.camera.widthPx, same.pixels.length], [640, 640 * 360]);
});

test('EXIF orientation counts only where the intrinsics fit nothing but the turned picture', async () => {
  const path = await makeImage('turned.jpg', 320, 240, 6);
  const [stored] = await collect([entry(path, pinhole(320, 240))]);
  assert.ok(stored.pixels[5 * 320 + 5] > 240, 'bright corner at the top left');
  const [turned] = await collect([entry(path, pinhole(240, 320))]);
  assert.equal(turned.camera.widthPx, 240);
  assert.ok(turned.pixels[5 * 240 + 234] > 240, 'bright corner at the top right');
  const plain = await makeImage('plain.jpg', 320, 240);
  await assert.rejects(
    collect([entry(plain, pinhole(240, 320))]),
    (e) => code('E_INTRINSICS_MISMATCH')(e) && /240x320.*320x240/.test(String(e)),
  );
});

test('a missing, a foreign and a cut file end the stream when their turn comes', async () => {
  const good = await makeImage('good.jpg', 320, 240);
  const cut = await makeImage('cut.jpg', 320, 240);
  truncateSync(cut, 2000);
  const svg = join(folder, 'drawing.png');
  writeFileSync(svg, '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"/>');
  for (const [path, wanted] of [
    [join(folder, 'none.jpg'), 'E_FILE_NOT_FOUND'],
    [cut, 'E_SOURCE_FORMAT'],
    [svg, 'E_SOURCE_FORMAT'],
  ] as const) {
    let seen = 0;
    const run = async () => {
      for await (const frame of openImages([entry(good), entry(path)], { maxSidePx: 640 })) {
        frame.release();
        seen++;
      }
    };
    await assert.rejects(run(), code(wanted));
    assert.equal(seen, 1);
  }
});

test('ending early gives every buffer back', async () => {
  const path = await makeImage('c.png', 320, 240);
  const entries = Array.from({ length: 9 }, () => entry(path));
  const abort = new AbortController();
  let seen = 0;
  for await (const frame of openImages(entries, { maxSidePx: 640, signal: abort.signal })) {
    frame.release();
    if (++seen === 2) abort.abort();
  }
  assert.equal(seen, 2);
});

const real = ['kitti_a', 'walk_goproMax', 'brighton_drone'].filter((set) => sharedFile(`${set}/images`));
const skip = !hasFfmpeg ? 'no ffmpeg on the PATH' : real.length === 0 ? 'no shared data' : false;

test('gray differs from ffmpeg by less than half a level on average', { skip }, async () => {
  for (const set of real)
    for (const maxSidePx of [640, 4096]) {
      const images = sharedFile(`${set}/images`)!;
      const path = join(images, readdirSync(images).sort()[0]);
      const info = await probeImage(path);
      const { picture } = await readGray(path, info, { maxSidePx, applyTurn: false }, bufferPool());
      const filter = ['-vf', grayFilter(maxSidePx), '-f', 'rawvideo', '-'];
      const theirs = execFileSync('ffmpeg', ['-v', 'error', '-i', path, ...filter], { maxBuffer: 1 << 26 });
      assert.equal(picture.bytes.length, theirs.length);
      const sum = picture.bytes.reduce((total, value, i) => total + Math.abs(value - theirs[i]), 0);
      assert.ok(sum / theirs.length < 0.5, `${set} at ${maxSidePx}: ${sum / theirs.length}`);
    }
});
