import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from './clock.js';
import { watchSilence } from './watchdog.js';

/** Values after the given waits, on a clock that only moves when somebody waits; a sleeper wakes when passed. */
function rig(waitsMs: readonly number[]) {
  let nowMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const clock: Clock = {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((wake) => {
        const sleeper = { atMs: nowMs + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => sleepers.delete(sleeper));
      }),
  };
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const sleeper of sleepers) if (sleeper.atMs < nowMs) sleeper.wake();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  async function* values(): AsyncGenerator<number, void> {
    for (const [i, ms] of waitsMs.entries()) {
      await Promise.resolve();
      await advance(ms);
      yield i;
    }
  }
  return { clock, values: values(), advance };
}

async function silences(waitsMs: readonly number[], readerMs = 0): Promise<number[]> {
  const { clock, values, advance } = rig(waitsMs);
  const told: number[] = [];
  const options = { clock, firstMs: 5000, stallMs: 1000, onSilence: (ms: number) => told.push(ms) };
  for await (const _ of watchSilence(values, options)) if (readerMs > 0) await advance(readerMs);
  return told;
}

test('the first value may take longer than the others', async () => {
  assert.deepEqual(await silences([4900, 33, 33, 900]), []);
  assert.deepEqual(await silences([5100]), [5000]);
  assert.deepEqual(await silences([4900, 33, 33, 1100]), [1000]);
});

test('slow sources get five of their own intervals', async () => {
  assert.deepEqual(await silences([100, 2000, 2000, 2000, 9000]), []);
  assert.deepEqual(await silences([100, 2000, 2000, 2000, 11000]), [10000]);
});

test('time in which nobody pulls does not count', async () => {
  assert.deepEqual(await silences([10, 33, 33, 33], 60_000), []);
});
