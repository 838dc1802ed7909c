import assert from 'node:assert/strict';
import test from 'node:test';
import type { Outcome } from '../domain/outcome.js';
import { createEvRate } from './evRate.js';

/** Enough of an outcome for its rate. */
function outcome(
  captureMs: number,
  kind: 'posed' | 'lost' = 'posed',
  epoch = 0,
  source = 'tracked',
): Outcome {
  const frame = { epoch, captureMs };
  return (kind === 'posed' ? { kind, frame, pose: { source } } : { kind, frame }) as Outcome;
}

/** What is said of each of `n` frames at `hz`. */
function run(hz: number, n: number, make: (ms: number, i: number) => Outcome = (ms) => outcome(ms)) {
  const rate = createEvRate();
  return Array.from({ length: n }, (_, i) => rate(make((1000 * i) / hz, i)));
}

test('30 Hz is enough once it has been seen for a second; 20 Hz never is', () => {
  const at30 = run(30, 60);
  assert.ok(!at30.slice(0, 30).some(Boolean));
  assert.ok(at30.slice(31).every(Boolean));
  assert.ok(!run(20, 100).some(Boolean));
});

test('a gap above 200 ms counts, however fast the rest', () => {
  const said = run(100, 300, (ms, i) => outcome(ms, i >= 150 && i < 175 ? 'lost' : 'posed'));
  assert.ok(said[149]);
  assert.ok(said[165], '150 ms without a fix are borne');
  assert.ok(!said[174]);
  assert.ok(!said[200]);
  assert.ok(said[299]);
});

test('predictions are no fixes, and a new epoch starts anew', () => {
  assert.ok(!run(60, 200, (ms) => outcome(ms, 'posed', 0, 'coasted')).some(Boolean));
  const said = run(60, 200, (ms, i) => outcome(ms, 'posed', i < 100 ? 0 : 1));
  assert.ok(said[99]);
  assert.ok(!said[100] && !said[150]);
  assert.ok(said[199]);
});
