import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../kernels/random.js';
import { type RawFeatures, selectKeypoints } from './selectKeypoints.js';

const options = {
  toFramePx: { scale: [1, 1], shift: [0.5, 0.5] },
  widthPx: 100,
  heightPx: 50,
  minScore: 0.2,
  borderPx: 3,
  maxKeypoints: 1000,
  normalise: false,
  normaliseGlobal: false,
} as const;

function randomFeatures(seed: number, n: number): RawFeatures {
  const random = createRandom(seed);
  return {
    keypoints: Float32Array.from({ length: 2 * n }, () => random.uniform() * 140 - 20),
    scores: Float32Array.from({ length: n }, () => random.uniform()),
    descriptors: Float32Array.from({ length: 2 * n }, (_, i) => Math.floor(i / 2)),
    dim: 2,
    global: null,
  };
}

test('kept rows are inside, high enough, sorted, and stay together', () => {
  for (let seed = 0; seed < 50; seed++) {
    const raw = randomFeatures(seed, 200);
    const got = selectKeypoints(raw, options);
    const expected = raw.scores.filter((s, i) => {
      const [x, y] = [raw.keypoints[2 * i] + 0.5, raw.keypoints[2 * i + 1] + 0.5];
      return s > options.minScore && x >= 3 && x < 97 && y >= 3 && y < 47;
    });
    assert.deepEqual([...got.scores], [...expected.sort().reverse()]);
    assert.equal(got.count, expected.length);
    for (let i = 0; i < got.count; i++) {
      const row = got.descriptors[2 * i];
      assert.equal(got.scores[i], raw.scores[row]);
      assert.equal(got.xyPx[2 * i], Math.fround(raw.keypoints[2 * row] + 0.5));
      assert.equal(got.xyPx[2 * i + 1], Math.fround(raw.keypoints[2 * row + 1] + 0.5));
    }
  }
});

test('the limit keeps the best; nothing shares memory with the network', () => {
  const raw = { ...randomFeatures(1, 200), global: Float32Array.of(3, 4) };
  const all = selectKeypoints(raw, options);
  const few = selectKeypoints(raw, { ...options, maxKeypoints: 5 });
  assert.deepEqual(few.scores, all.scores.slice(0, 5));
  for (const array of [few.xyPx, few.scores, few.descriptors, few.global!])
    assert.ok(
      ![raw.keypoints, raw.scores, raw.descriptors, raw.global].some((r) => r.buffer === array.buffer),
    );
});

test('normalise makes unit rows and leaves zero rows zero', () => {
  const raw: RawFeatures = {
    keypoints: Float32Array.of(9, 9, 8, 8),
    scores: Float32Array.of(0.9, 0.8),
    descriptors: Float32Array.of(3, 4, 0, 0),
    dim: 2,
    global: Float32Array.of(0, 2),
  };
  const got = selectKeypoints(raw, { ...options, normalise: true, normaliseGlobal: true });
  assert.deepEqual([...got.descriptors], [Math.fround(0.6), Math.fround(0.8), 0, 0]);
  assert.deepEqual([...got.global!], [0, 1]);
});
