import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Rigid, WorldFromCam } from '../domain/rigid.js';
import { METRIC_LIMITS } from './limits.js';
import { followWake, NO_WAKE, type Wake } from './wake.js';

const at = (x: number): WorldFromCam => ({ q: [0, 0, 0, 1], t: [x, 0, 0] });
const moved = (m: number): Rigid<'cam', 'cam'> => ({ q: [0, 0, 0, 1], t: [m, 0, 0] });

interface Seen {
  /** Where the matches put the camera; null without a fix. */
  readonly fixM: number | null;
  readonly moved: boolean;
}

/** Ten frames a second, half a metre each. */
const run = (frames: readonly Seen[], from: Wake = NO_WAKE, startS = 0) =>
  frames.reduce(
    (wake, { fixM, moved: known }, i) =>
      followWake(
        wake,
        startS + i / 10,
        fixM === null ? null : at(fixM),
        known ? moved(0.5) : null,
        METRIC_LIMITS,
      ),
    from,
  );

const drive = (frames: number, fixAt: (x: number) => number | null): Seen[] =>
  Array.from({ length: frames }, (_, i) => ({ fixM: fixAt(i / 2), moved: true }));

describe('a street whose next block is the same and not in the map', () => {
  const intoTheCopy = drive(80, (x) => (x < 20 ? x : x < 24 ? null : x - 20));
  const wake = run(intoTheCopy);

  test('is doubted for as long as the block before was believed', () => {
    assert.ok(wake.doubtedUntilS !== null);
    assert.ok(Math.abs(wake.doubtedUntilS - (4.8 + 4.8)) < 0.01, String(wake.doubtedUntilS));
    const after = followWake(wake, 9.7, at(20), moved(0.5), METRIC_LIMITS);
    assert.equal(after.doubtedUntilS, null);
  });

  test('a motion that was not measured from frame to frame says nothing', () => {
    const blind = intoTheCopy.map((seen, i) => (i === 45 ? { ...seen, moved: false } : seen));
    assert.equal(run(blind).doubtedUntilS, null);
  });

  test('one frame without a motion does not end the doubt', () => {
    const again = followWake(wake, 8, at(20), null, METRIC_LIMITS);
    assert.equal(again.doubtedUntilS, wake.doubtedUntilS);
  });
});

test('a camera that comes back into the map where its motion says is not doubted, drift and all', () => {
  for (const drift of [0.85, 1, 1.15])
    assert.equal(
      run(drive(80, (x) => (x < 10 || x > 30 ? 10 + drift * (x - 10) : null))).doubtedUntilS,
      null,
    );
});

test('a camera carried elsewhere is believed at once', () => {
  const carried = drive(80, (x) => (x < 20 ? x : x - 500)).map((seen, i) => ({ ...seen, moved: i !== 40 }));
  assert.equal(run(carried).doubtedUntilS, null);
});

test('the longer of two doubts counts, and none lasts longer than half a minute', () => {
  const long = run(drive(6000, (x) => (x < 2990 ? x : x - 40)));
  assert.ok(
    long.doubtedUntilS !== null && Math.abs(long.doubtedUntilS - 628) < 0.01,
    String(long.doubtedUntilS),
  );
  const back = run(
    drive(10, (x) => 3000 + x),
    long,
    600,
  );
  assert.ok(back.doubtedUntilS === long.doubtedUntilS);
});
