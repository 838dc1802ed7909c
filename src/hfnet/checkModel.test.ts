import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatImage, type ToyOptions, writeToyModel } from '../../test/toyModel.js';
import { type CheckReport, checkModel } from './checkModel.js';
import { drawKeypoints } from './drawKeypoints.js';

const GOOD: ToyOptions = {
  xy: [
    [10, 20],
    [30, 40],
  ],
  scores: [0.9, 0.8],
};

function check(options: ToyOptions, maxKeypoints = 100): Promise<CheckReport> {
  let clockMs = 0;
  return checkModel({
    manifestPath: writeToyModel(options),
    image: flatImage(128, 96, 77),
    maxKeypoints,
    runs: 3,
    threads: 1,
    nowMs: () => clockMs++,
  });
}

/** Names of what was found on the image itself. */
const named = async (report: Promise<CheckReport>, during = 'the image'): Promise<string[]> =>
  (await report).violations.filter((v) => v.during.split(', ').includes(during)).map((v) => v.name);

test('a good network on ordinary images: features, timing; a black image is its one fault', async () => {
  const report = await check(GOOD);
  assert.deepEqual(
    report.violations.map((v) => [v.name, v.during]),
    [['nonfinite', 'a black image']],
  );
  assert.equal(report.features?.count, 2);
  assert.deepEqual(report.timing, { runs: 3, minMs: 1, medianMs: 1 });
  assert.equal(report.model?.name, 'toy');
});

test('every breach has its name', async () => {
  assert.deepEqual(await named(check({ ...GOOD, norm: 2 })), ['unnormalised-descriptors']);
  assert.deepEqual(
    await named(
      check({
        ...GOOD,
        xy: [
          [10, 20],
          [300, 4],
        ],
      }),
    ),
    ['keypoints-outside'],
  );
  assert.deepEqual(await named(check({ ...GOOD, scores: [1, -1] })), ['negative-scores']);
  assert.deepEqual(await named(check(GOOD, 1)), ['too-many-keypoints']);
  assert.deepEqual(await named(check({ xy: [], scores: [] })), ['no-keypoints']);
  const dim = { dim: 9, normalised: true, metric: 'dot' } as const;
  assert.deepEqual(await named(check({ ...GOOD, manifest: { descriptor: dim } })), ['contract']);
  assert.deepEqual(await named(check({ ...GOOD, fixed: [64, 64] })), []);
});

test('a threshold that nothing passes is found, whatever number of keypoints the network gives', async () => {
  const scores = { type: 'prob', threshold: 2 } as const;
  assert.deepEqual(await named(check({ ...GOOD, manifest: { scores } })), ['no-keypoints']);
});

test('every fault is named, not only the first, and only once', async () => {
  const found = async (manifest: ToyOptions['manifest']) => {
    const { violations } = await check({ ...GOOD, manifest });
    return violations.map((v) => [
      v.name,
      ...(v.detail.match(/"[a-z]+"|^[a-z.]+(?=:)|^bytes|^sha256/g) ?? []),
    ]);
  };
  assert.deepEqual(await found({ stride: -1, licence: '' }), [
    ['manifest', 'licence'],
    ['manifest', 'stride'],
  ]);
  assert.deepEqual(await found({ bytes: 1, sha256: '0'.repeat(64) }), [
    ['corrupt', 'bytes'],
    ['corrupt', 'sha256'],
  ]);
  const outputs = { keypoints: 'kp', scores: 'scores', descriptors: 'desc', global: 'global' };
  assert.deepEqual(await found({ outputs }), [
    ['contract', '"kp"'],
    ['contract', '"desc"'],
  ]);
  const descriptor = { dim: 9, normalised: true, metric: 'dot' } as const;
  const global = { dim: 7, normalised: true, pca: false };
  assert.deepEqual(await found({ descriptor, global }), [
    ['contract', '"descriptors"'],
    ['contract', '"global"'],
  ]);
});

test('the image handed in is left as it was, even a Buffer', async () => {
  const image = { ...flatImage(128, 96, 77), pixels: Buffer.alloc(128 * 96, 77) };
  const options = { image, maxKeypoints: 9, runs: 1, threads: 1, nowMs: () => 0 };
  await checkModel({ manifestPath: writeToyModel(GOOD), ...options });
  assert.ok(image.pixels.every((v) => v === 77));
});

test('a model that cannot be opened is a report, not a throw', async () => {
  const starts = (manifest: ToyOptions['manifest']) => named(check({ ...GOOD, manifest }), 'start');
  assert.deepEqual(await starts({ bytes: 1 }), ['corrupt']);
  assert.deepEqual(await starts({ sha256: '0'.repeat(64) }), ['corrupt']);
  assert.deepEqual(await starts({ stride: -1 }), ['manifest']);
  assert.deepEqual(await starts({ file: 'gone.onnx' }), ['file-missing']);
  const bytes = Buffer.from('a digest that fits makes no network');
  assert.deepEqual(await named(check({ ...GOOD, bytes }), 'start'), ['corrupt']);
});

test('keypoints are drawn where they are, and the rest stays gray', () => {
  const image = flatImage(64, 64, 50);
  const rgb = drawKeypoints(image, { count: 1, xyPx: Float32Array.of(32.5, 20.5) });
  const changed: number[][] = [];
  for (let i = 0; i < 64 * 64; i++) if (rgb[3 * i] !== 50) changed.push([i % 64, Math.floor(i / 64)]);
  assert.ok(changed.length >= 8);
  for (const [x, y] of changed) assert.ok(Math.abs(Math.hypot(x - 32, y - 20) - 2) < 0.6);
});

test('rings at the border stay inside the picture', () => {
  const xyPx = Float32Array.of(0, 0, 64, 64, 0.2, 63.9);
  assert.equal(drawKeypoints(flatImage(64, 64, 50), { count: 3, xyPx }).length, 64 * 64 * 3);
});
