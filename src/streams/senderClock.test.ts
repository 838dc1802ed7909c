import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../kernels/random.js';
import { heard, lookAtSender, NO_SENDER_CLOCK } from './senderClock.js';

const INTERVAL_MS = 40;
const START_MS = 1_795_000_000_000;

interface Given {
  /** From picture on the sender has reported; before it the decoder's own clock stands there. */
  readonly reportedFrom?: number;
  readonly aheadMs?: (picture: number) => number;
  /** Its time came too late to be there with the next picture. */
  readonly isLate?: (picture: number) => boolean;
}

/** Pictures made every 40 ms that take 20-60 ms to arrive; each one's row bears the time of the next. */
function watch({ reportedFrom = 0, aheadMs = () => 0, isLate = () => false }: Given) {
  const { uniform } = createRandom(3);
  const madeMs = Array.from({ length: 202 }, (_, i) => START_MS + INTERVAL_MS * i);
  let last = 0;
  const arrivalMs = madeMs.map((made) => {
    last = Math.max(made + 20 + 40 * uniform(), last + 1);
    return last;
  });
  let clock = NO_SENDER_CLOCK;
  const notes: number[] = [];
  const sent: (number | null)[] = [];
  let held: { ptsMs: number; wallMs: number }[] = [];
  for (let i = 0; i < 200; i++) {
    const looked = lookAtSender(clock, arrivalMs[i]);
    clock = looked.clock;
    sent.push(looked.sentMs);
    if (looked.aheadMs !== null) notes.push(looked.aheadMs);
    const isOwn = i + 1 < reportedFrom;
    const wallMs = isOwn ? arrivalMs[i + 2] + 3 : madeMs[i + 1] + aheadMs(i + 1);
    held.push({ ptsMs: arrivalMs[i], wallMs });
    if (!isLate(i)) {
      clock = heard(clock, held);
      held = [];
    }
  }
  return { sent, notes, madeMs, arrivalMs };
}

test('a picture bears the time that its sender gave it, once that has held for a while', () => {
  const { sent, madeMs } = watch({});
  assert.deepEqual(
    sent.slice(0, 8).map((ms) => ms),
    new Array(8).fill(null),
  );
  for (let i = 10; i < 200; i++) assert.equal(sent[i], madeMs[i]);
});

test("the decoder's own clock, before the first report, is nobody's capture time", () => {
  const { sent, madeMs, notes } = watch({ reportedFrom: 100 });
  assert.ok(sent.slice(0, 100).every((ms) => ms === null));
  for (let i = 112; i < 200; i++) assert.equal(sent[i], madeMs[i]);
  assert.deepEqual(notes, []);
});

test('a clock that is hours ahead or behind is told of once, and not believed', () => {
  for (const offMs of [3_600_000, -3_600_000, 2000, -12_000]) {
    const { sent, notes } = watch({ aheadMs: () => offMs });
    assert.ok(sent.every((ms) => ms === null));
    assert.equal(notes.length, 1);
    assert.ok(Math.abs(notes[0] - offMs) < 100);
  }
});

test('a clock that is set on the way is believed anew after a while', () => {
  const { sent, madeMs } = watch({ aheadMs: (i) => (i < 100 ? -5000 : 0) });
  assert.equal(sent[99], madeMs[99] - 5000);
  assert.deepEqual(sent.slice(100, 108), new Array(8).fill(null));
  assert.equal(sent[120], madeMs[120]);
});

test('times that no longer come are not guessed for long', () => {
  const { sent } = watch({ isLate: (i) => i >= 100 });
  assert.ok(sent[105] !== null);
  assert.ok(sent.slice(112).every((ms) => ms === null));
});

test('a time that comes late is guessed from the picture before, never after its arrival', () => {
  const { sent, madeMs, arrivalMs } = watch({ isLate: (i) => i % 3 === 0 });
  for (let i = 12; i < 200; i++) {
    assert.ok(Math.abs(sent[i]! - madeMs[i]) <= 50, `picture ${i}: ${sent[i]! - madeMs[i]} ms`);
    assert.ok(sent[i]! <= arrivalMs[i]);
    if (i % 3 !== 1) assert.equal(sent[i], madeMs[i]);
  }
});
