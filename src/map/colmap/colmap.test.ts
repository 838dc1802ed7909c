import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COLMAP_TEXTS, colmapBytes, fuzzColmap } from '../../../test/mapFuzzColmap.js';
import { PosestreamError } from '../../domain/errors.js';
import { parseColmapBinary } from './binary.js';
import { findColmapModel, readColmapFolder, readColmapModel } from './folder.js';
import { parseColmapText } from './text.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const SHARED = process.env.POSESTREAM_SHARED ?? resolve(ROOT, '../shared');

function refuses(run: () => unknown, words: RegExp): void {
  assert.throws(
    run,
    (e: unknown) =>
      e instanceof PosestreamError && e.code === 'E_MAP_INPUT' && words.test(e.message) && !!e.hint,
    String(words),
  );
}

test('text and binary say the same', () => {
  const model = parseColmapText(COLMAP_TEXTS, 'm');
  assert.deepEqual(parseColmapBinary(colmapBytes(), 'm'), model);
  assert.deepEqual(
    model.images.map(({ id, name, cameraId }) => [id, name, cameraId]),
    [
      [1, 'a b.png', 1],
      [2, 'c.png', 7],
      [5, 'sub/d.png', 1],
    ],
  );
  assert.deepEqual(model.images[1].camFromWorld, { q: [0, 0.6, 0, 0.8], t: [1e-3, 2, 3] });
  assert.deepEqual(model.cameras.get(7), {
    model: 'OPENCV_FISHEYE',
    params: [400, 400, 400, 300, 0.01, 0, 0, 0],
    widthPx: 800,
    heightPx: 600,
  });
  assert.equal(model.pointCount, 4);
  assert.equal(model.medianErrorPx, 0.3);
});

test('faults are named with their place', () => {
  const text = (change: Partial<typeof COLMAP_TEXTS>) => () =>
    parseColmapText({ ...COLMAP_TEXTS, ...change }, 'm');
  refuses(text({ cameras: '1 FOV 640 480 1 2 3 4 5\n' }), /cameras\.txt, line 1: .*FOV/);
  refuses(text({ cameras: '7 PINHOLE 640 480 500 500 320 240\n' }), /camera 1 is not there/);
  refuses(text({ images: '1 1 0 0 0 0 0 0 1 a.png\n1 2\n' }), /images\.txt, line 2/);
  refuses(text({ images: '1 0 0 0 0 0 0 0 1 a.png\n\n' }), /line 1: the quaternion/);
  refuses(text({ images: '# none\n' }), /holds no images/);
  refuses(text({ points: '1 2 3\n' }), /points3D\.txt, line 1/);
  const bytes = colmapBytes();
  refuses(
    () => parseColmapBinary({ ...bytes, images: bytes.images.slice(0, 90) }, 'm'),
    /images\.bin, byte \d+/,
  );
  bytes.images[6] = 1;
  refuses(() => parseColmapBinary(bytes, 'm'), /records follow, more than it can hold/);
});

test('damaged models are refused or sound, never anything else', () => {
  const count = fuzzColmap(4000, 20);
  assert.ok(count.refused > 1000 && count.accepted > 300, JSON.stringify(count));
});

test('a model is found beside its images', () => {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-colmap-'));
  try {
    mkdirSync(join(folder, 'sparse/0'), { recursive: true });
    mkdirSync(join(folder, 'images/sub'), { recursive: true });
    for (const [part, bytes] of Object.entries(colmapBytes()))
      writeFileSync(join(folder, 'sparse/0', `${part === 'points' ? 'points3D' : part}.bin`), bytes);
    for (const name of ['a b.png', 'c.png']) writeFileSync(join(folder, 'images', name), '');
    assert.equal(findColmapModel(folder), join(folder, 'sparse/0'));
    assert.throws(() => readColmapFolder(folder, null, null), /d\.png does not exist/);
    writeFileSync(join(folder, 'images/sub/d.png'), '');
    const { images, model } = readColmapFolder(folder, null, null);
    assert.equal(model.pointCount, 4);
    assert.deepEqual(images[0].worldFromCam.t, [-0.5, 1, -2]);
    writeFileSync(join(folder, 'list.txt'), 'c.png\n');
    assert.deepEqual(
      readColmapFolder(folder, null, join(folder, 'list.txt')).images.map(({ name }) => name),
      ['c.png'],
    );
    writeFileSync(join(folder, 'list.txt'), 'z.png\n');
    refuses(() => readColmapFolder(folder, null, join(folder, 'list.txt')), /z\.png is not in the model/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the church door reads', { skip: !existsSync(SHARED) && 'no shared data here' }, () => {
  const folder = join(SHARED, 'data/lund_door');
  assert.equal(readColmapFolder(folder, null, null).images.length, 12);
  assert.equal(readColmapModel(join(folder, 'colmap')).pointCount, 11384);
});
