import assert from 'node:assert/strict';
import test from 'node:test';
import type { FrameId } from '../domain/frame.js';
import type { Outcome } from '../domain/outcome.js';
import { createStreamCounters, percentilesOf } from './counters.js';

const frame: FrameId = {
  stream: 's',
  epoch: 0,
  sequence: 0,
  timestampS: 0,
  captureMs: 0,
  captureClock: 'arrival',
};
const dropped: Outcome = { kind: 'dropped', reason: 'busy', frame, timings: {} };
const lost = (totalMs: number): Outcome => ({
  kind: 'lost',
  state: 'lost',
  resetCounter: 0,
  retrieved: true,
  reason: 'no-place',
  detail: '',
  coarse: null,
  evidence: null,
  frame,
  timings: { totalMs },
});

test('the books balance and a snapshot stays as it was', () => {
  const counters = createStreamCounters();
  counters.record(lost(5), 0, 10);
  counters.record(dropped, 1, null);
  const before = counters.totals();
  counters.record(dropped, 2, null);
  assert.deepEqual(before, { in: 2, posed: 0, lost: 1, dropped: { busy: 1 } });
  assert.deepEqual(counters.totals(), { in: 3, posed: 0, lost: 1, dropped: { busy: 2 } });
  assert.deepEqual(counters.statistics(3).lostBy, { 'no-place': 1 });
});

test('rates and percentiles follow the last ten seconds only', () => {
  const counters = createStreamCounters();
  for (let i = 0; i < 100; i++) counters.record(lost(1000), i * 10, 2000);
  for (let i = 0; i <= 100; i++) counters.record(lost(i), 20_000 + i * 50, i);
  const { processedHz, totalMs, ageMs } = counters.statistics(25_000);
  assert.ok(Math.abs(processedHz - 20) < 0.1, `${processedHz} Hz`);
  assert.deepEqual(totalMs, { p50: 50, p95: 95, p99: 99 });
  assert.deepEqual(ageMs, totalMs);
});

test('a stream that went quiet is shown slower, then silent', () => {
  const counters = createStreamCounters();
  for (let i = 0; i < 10; i++) counters.record(lost(1), i * 100, null);
  assert.ok(counters.statistics(900).processedHz > 9.9);
  assert.ok(counters.statistics(5000).processedHz < 2);
  assert.deepEqual(counters.statistics(60_000).processedHz, 0);
  assert.equal(counters.statistics(900).ageMs, null);
});

test('percentiles of nothing are unknown, not zero', () => {
  assert.equal(percentilesOf([Number.NaN]), null);
});
