import assert from 'node:assert/strict';
import test from 'node:test';
import { createDelayWindow, watchLoop } from './loopDelay.js';

const STEP_MS = 20;

/** Ten seconds of a loop that is `lateMs(n)` late at its n-th turn. */
function runFor(seconds: number, lateMs: (n: number) => number, from = createDelayWindow(10_000, STEP_MS)) {
  let atMs = 0;
  for (let n = 0; atMs < 1000 * seconds; n++) {
    atMs += STEP_MS + lateMs(n);
    from.note(atMs, lateMs(n));
  }
  return { window: from, atMs };
}

test('a loop that is always a little late, and one that stood still', () => {
  const calm = runFor(10, () => 3);
  assert.equal(calm.window.p99Ms(calm.atMs), 3);
  // Of ten seconds, 300 ms: three in a hundred moments waited, the hundredth of them still 200 ms and more.
  const stood = runFor(10, (n) => (n === 50 ? 300 : 0));
  assert.ok(stood.window.p99Ms(stood.atMs) >= 180, String(stood.window.p99Ms(stood.atMs)));
  const hiccup = runFor(10, (n) => (n === 50 ? 60 : 0));
  assert.equal(hiccup.window.p99Ms(hiccup.atMs), 0);
  const early = createDelayWindow(10_000, STEP_MS);
  assert.equal(early.p99Ms(5), 0);
  early.note(10, 60);
  assert.equal(early.p99Ms(20), 0, 'one late moment of ten seconds');
});

test('what is over is forgotten', () => {
  const { window, atMs } = runFor(10, (n) => (n === 5 ? 2000 : 0));
  assert.ok(window.p99Ms(atMs) > 1000);
  assert.equal(window.p99Ms(atMs + 20_000), 0);
});

test('a blocked loop is told, and its recovery', async () => {
  const changes: boolean[] = [];
  const watch = watchLoop({
    ...{ monotonicMs: () => performance.now(), windowMs: 1000, limitMs: 100 },
    onChange: (isDegraded) => changes.push(isDegraded),
  });
  const turn = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await turn(60);
  for (let n = 0; n < 3 && !watch.isDegraded(); n++) {
    const until = performance.now() + 300;
    while (performance.now() < until);
    await turn(60);
  }
  assert.equal(watch.isDegraded(), true);
  assert.ok(watch.p99Ms() > 100);
  for (let n = 0; n < 400 && watch.isDegraded(); n++) await turn(50);
  assert.deepEqual(changes, [true, false]);
  watch.stop();
});
