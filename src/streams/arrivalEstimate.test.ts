import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ArrivalEstimate, estimateArrival, NO_ARRIVAL } from './arrivalEstimate.js';

/** Frames at 25 a second that arrive in chunks of 10, the chunk when its last frame was made and 20 ms later. */
function chunked(drift: number): { readonly madeMs: number; readonly captureMs: number }[] {
  let estimate: ArrivalEstimate = NO_ARRIVAL;
  return Array.from({ length: 500 }, (_, i) => {
    const madeMs = 1e12 + 40 * i;
    const arrivalMs = 1e12 + 40 * (10 * Math.floor(i / 10) + 9) + 20;
    const mediaS = ((madeMs - 1e12) * (1 + drift)) / 1000;
    const next = estimateArrival(estimate, mediaS, arrivalMs);
    estimate = next.estimate;
    return { madeMs, captureMs: next.captureMs };
  });
}

test('frames of a chunk keep the times between them', () => {
  for (const drift of [0, 2e-4, -2e-4]) {
    const frames = chunked(drift).slice(10);
    for (const [i, { madeMs, captureMs }] of frames.entries()) {
      const lateMs = captureMs - madeMs;
      assert.ok(lateMs > 10 && lateMs < 30, `frame ${i}, drift ${drift}: ${lateMs} ms`);
    }
  }
});

test('a broken time line starts anew', () => {
  const first = estimateArrival(NO_ARRIVAL, 100, 5000);
  assert.equal(first.captureMs, 5000);
  assert.equal(estimateArrival(first.estimate, 0, 5040).captureMs, 5040);
  assert.equal(estimateArrival(first.estimate, 7000, 5040).captureMs, 5040);
});
