import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, lastValueFrom, tap, toArray } from 'rxjs';
import { METRIC_LIMITS } from '../tracking/limits.js';
import type { Looked } from './attempt.js';
import { doubtTwins } from './doubtTwins.js';

/** A place `x` metres along the street with so many inliers; 0 is a miss. */
function look(x: number, inliers: number): Looked {
  const pose = { worldFromCam: { q: [0, 0, 0, 1], t: [x, 0, 0] } };
  const failure = { reason: 'few-inliers', detail: '' };
  const verdict = inliers > 0 ? { kind: 'fix', pose } : { kind: 'miss', failure };
  return { ...verdict, inliers, origin: 'retrieved' } as unknown as Looked;
}

/** What comes of the attempts, and how many of them were made. */
async function heard(attempts: readonly Looked[]) {
  let made = 0;
  const out = await lastValueFrom(
    from(attempts).pipe(
      tap(() => made++),
      doubtTwins(50, METRIC_LIMITS),
      toArray(),
    ),
  );
  const [speaks] = out;
  const told = speaks.kind === 'miss' ? speaks.failure.reason : speaks.pose.worldFromCam.t[0];
  return { count: out.length, told, made };
}

test('a certain fix ends the search', async () => {
  assert.deepEqual(await heard([look(0, 60), look(90, 60)]), { count: 1, told: 0, made: 1 });
});

test('an uncertain one is held against the next place: alike and elsewhere cancels out, the rest does not', async () => {
  assert.deepEqual(await heard([look(0, 30), look(90, 25), look(5, 90)]), {
    count: 1,
    told: 'ambiguous',
    made: 2,
  });
  assert.equal((await heard([look(0, 30), look(0.3, 29)])).told, 0);
  assert.equal((await heard([look(0, 30), look(90, 20)])).told, 0);
  assert.equal((await heard([look(0, 20), look(90, 30)])).told, 90);
  assert.equal((await heard([look(0, 20), look(90, 0)])).told, 0);
  assert.equal((await heard([look(0, 20)])).told, 0);
});

test('misses before it count for nothing; where all miss the search has been heard to its end', async () => {
  assert.deepEqual(await heard([look(1, 0), look(2, 60), look(3, 60)]), { count: 1, told: 2, made: 2 });
  assert.deepEqual(await heard([look(1, 0), look(2, 0)]), { count: 1, told: 'few-inliers', made: 2 });
});
