import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../kernels/random.js';
import { reliability } from './reliability.js';

const near = (actual: number | null, expected: number, tolerance = 1e-12) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

test('bins hold counts, mean confidence and share right', () => {
  const { bins, ece } = reliability(
    [
      { confidence: 0.92, correct: true },
      { confidence: 0.98, correct: false },
      { confidence: 0.1, correct: false },
      { confidence: 1, correct: true },
    ],
    10,
  );
  assert.deepEqual(
    bins.map(({ count }) => count),
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 3],
  );
  near(bins[9].accuracy, 2 / 3);
  near(bins[9].meanConfidence, 2.9 / 3);
  near(ece, (1 / 4) * 0.1 + (3 / 4) * (2.9 / 3 - 2 / 3));
});

test('an empty bin and an empty set have no rates', () => {
  const { bins, ece } = reliability([], 5);
  assert.equal(bins.length, 5);
  assert.equal(bins[0].accuracy, null);
  assert.equal(ece, null);
});

test('confidences drawn as stated have a small error, overstated ones the size of the overstatement', () => {
  const random = createRandom(7).uniform;
  const drawn = Array.from({ length: 40_000 }, () => {
    const confidence = 0.3 + 0.7 * random();
    return { confidence, honest: random() < confidence, boastful: random() < confidence - 0.3 };
  });
  const honest = reliability(drawn.map(({ confidence, honest: correct }) => ({ confidence, correct })));
  const boastful = reliability(drawn.map(({ confidence, boastful: correct }) => ({ confidence, correct })));
  assert.ok(honest.ece! < 0.02, String(honest.ece));
  near(boastful.ece, 0.3, 0.02);
});
