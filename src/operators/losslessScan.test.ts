import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delay, firstValueFrom, lastValueFrom, of, take, throwError, toArray } from 'rxjs';
import { losslessScan } from './losslessScan.js';

async function* letters(log: string[] = []) {
  try {
    for (const letter of ['a', 'b', 'c']) {
      log.push(`pull ${letter}`);
      yield letter;
    }
  } finally {
    log.push('returned');
  }
}

const numbered = (log: string[] = []) => ({
  seed: 0,
  project: (value: string, state: number) => {
    log.push(`run ${value}`);
    return of(`${value}${state}`).pipe(delay(1));
  },
  next: (state: number) => state + 1,
});

test('runs every value in order and threads the state', async () => {
  const seen = await lastValueFrom(losslessScan(letters(), numbered()).pipe(toArray()));
  assert.deepEqual(seen, ['a0', 'b1', 'c2']);
});

test('pulls the next value only after the run before it', async () => {
  const log: string[] = [];
  await lastValueFrom(losslessScan(letters(log), numbered(log)));
  assert.deepEqual(log, ['pull a', 'run a', 'pull b', 'run b', 'pull c', 'run c', 'returned']);
});

test('unsubscribing returns the iterator', async () => {
  const log: string[] = [];
  await firstValueFrom(losslessScan(letters(log), numbered(log)).pipe(take(1)));
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(log.at(-1), 'returned');
  assert.ok(!log.includes('pull c'));
});

test('an error of a run ends the stream and returns the iterator', async () => {
  const log: string[] = [];
  const failing = { ...numbered(), project: () => throwError(() => new Error('boom')) };
  await assert.rejects(lastValueFrom(losslessScan(letters(log), failing)), /boom/);
  assert.deepEqual(log, ['pull a', 'returned']);
});
