import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { buildMapFile } from '../src/cli/buildMapFile.js';
import { DEFAULT_MODEL, type OpenLocalizer, openLocalizer } from '../src/cli/openLocalizer.js';
import type { Frame } from '../src/domain/frame.js';
import type { Outcome } from '../src/domain/outcome.js';
import { readTextFile } from '../src/map/posedFolder.js';
import { parseTum, type TimedPose } from '../src/map/tum.js';
import { everyNth } from './support/everyNth.js';
import { black, blurred, mirrored } from './support/pictures.js';
import { cut, holdAgainst, playShots, type Seen, type Stretch } from './support/scenario.js';
import { repositoryPath } from './support/shared.js';

const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const MAX_SIDE_PX = 640;
/** Every second frame of a 15 Hz drive. */
const EVERY = 2;
const PERIOD_S = EVERY / 15;
/** From this confidence on a user acts on a pose. */
const CONFIDENT = 0.5;

/** What a live camera goes through, on the rendered drive in the map of another drive. */
describe('scenarios', { skip: !existsSync(town('day-map', 'video.mp4')) && 'the town is not here' }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'posestream-scenarios-'));
  let localizer: OpenLocalizer;
  let clip: Frame[];
  let poses: TimedPose[];

  before(async () => {
    const out = join(scratch, 'town.map');
    const map = { out, model: DEFAULT_MODEL, maxSidePx: MAX_SIDE_PX, keypoints: 2000, every: 3 };
    await buildMapFile(town('day-map', 'video.mp4'), map, new AbortController().signal);
    localizer = await openLocalizer({ mapPath: out, modelPath: DEFAULT_MODEL, threads: 1 });
    clip = await everyNth(town('day-other-lane', 'video.mp4'), EVERY, MAX_SIDE_PX);
    poses = parseTum(readTextFile(town('day-other-lane', 'poses.tum')), 'poses.tum');
  });
  after(async () => {
    await localizer?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function run(stretches: readonly Stretch[]): Promise<Seen[][]> {
    const shots = cut(clip, poses, PERIOD_S, stretches);
    const seen = holdAgainst(shots, await playShots(shots, localizer));
    return stretches.map((_, i) => seen.filter(({ stretch }) => stretch === i));
  }

  for (const [name, picture] of [
    ['black', black],
    ['out of focus', blurred(20)],
  ] as const)
    test(`a lens covered for 3 s (${name}): doubted within 3 frames, lost before 2 s are over, found again within 1 s`, async () => {
      const [open, covered, again] = await run([
        { fromS: 0, toS: 2 },
        { fromS: 2, toS: 5, picture },
        { fromS: 5, toS: 7 },
      ]);
      assertTracks(open);
      assertState(covered.slice(2), ['coasting', 'lost']);
      assertState(covered.slice(Math.ceil(2 / PERIOD_S)), ['lost']);
      assertNoneWrong([...covered, ...again]);
      assertFoundWithin(1, again);
    });

  test('a teleport: doubted within 3 frames, found at the new place within 1 s, poses before and after set apart', async () => {
    const [before, beyond] = await run([
      { fromS: 0, toS: 2 },
      { fromS: 11, toS: 13.5 },
    ]);
    assertTracks(before);
    const left = beyond.findIndex(({ outcome }) => stateOf(outcome) !== 'tracking');
    assert.ok(left >= 0 && left < 3, `still tracking ${left} frames after the jump`);
    assertNoneWrong(beyond);
    assertFoundWithin(1, beyond);
    assertTracks(beyond);
    assert.ok(lastReset(beyond) > lastReset(before), 'the reset counter went up');
  });

  test('a gap of 2 s: what came before is no longer trusted, found within 1 s', async () => {
    const [before, beyond] = await run([
      { fromS: 0, toS: 2 },
      { fromS: 4, toS: 6, gapS: 2 },
    ]);
    assertTracks(before);
    assert.notEqual(stateOf(beyond[0].outcome), 'tracking');
    assertNoneWrong(beyond);
    assertFoundWithin(1, beyond);
  });

  test('a mirror for 2 s: no pose from what it shows, found within 1 s', async () => {
    const [open, mirror, again] = await run([
      { fromS: 4, toS: 6 },
      { fromS: 6, toS: 8, picture: mirrored },
      { fromS: 8, toS: 10 },
    ]);
    assertTracks(open);
    assertState(mirror.slice(2), ['coasting', 'lost', 'relocalizing']);
    assertNoneWrong([...mirror, ...again]);
    assert.equal(mirror.filter(({ outcome }) => isFix(outcome)).length, 0);
    assertFoundWithin(1, again);
  });

  test('the same frames give the same outcomes to the byte, alone and under load', async () => {
    const shots = cut(clip, poses, PERIOD_S, [
      { fromS: 0, toS: 1.5 },
      { fromS: 1.5, toS: 2.5, picture: black },
      { fromS: 8, toS: 9.5 },
    ]);
    const alone = withoutTimings(await playShots(shots, localizer));
    const busy = [0, 1].map(() => new Worker('for (;;);', { eval: true }));
    try {
      assert.equal(withoutTimings(await playShots(shots, localizer)), alone);
    } finally {
      await Promise.all(busy.map((worker) => worker.terminate()));
    }
  });
});

const stateOf = (outcome: Outcome) => (outcome.kind === 'dropped' ? 'dropped' : outcome.state);
const isFix = (outcome: Outcome) => outcome.kind === 'posed' && outcome.pose.source !== 'coasted';
const lastReset = (seen: readonly Seen[]) =>
  Math.max(...seen.map(({ outcome }) => (outcome.kind === 'dropped' ? 0 : outcome.resetCounter)));

/** At the end of the stretch it tracks, and no pose on the way is wrong. */
function assertTracks(seen: readonly Seen[]): void {
  assert.equal(stateOf(seen[seen.length - 1].outcome), 'tracking', told(seen));
  assertNoneWrong(seen);
}

function assertState(seen: readonly Seen[], allowed: readonly string[]): void {
  assert.ok(
    seen.every(({ outcome }) => allowed.includes(stateOf(outcome))),
    told(seen),
  );
}

/** No pose that this frame's picture stands for, and none that is called confident, is off by 0.5 m or 5°. */
function assertNoneWrong(seen: readonly Seen[]): void {
  const wrong = seen.filter(
    ({ outcome, isWrong }) =>
      isWrong && outcome.kind === 'posed' && (isFix(outcome) || outcome.pose.confidence >= CONFIDENT),
  );
  assert.equal(wrong.length, 0, told(wrong));
}

function assertFoundWithin(seconds: number, seen: readonly Seen[]): void {
  const found = seen.find(({ outcome, isRight }) => isRight && isFix(outcome));
  const waitedS = found === undefined ? Number.POSITIVE_INFINITY : found.timeS - seen[0].timeS;
  assert.ok(waitedS <= seconds, `first right fix after ${waitedS} s: ${told(seen)}`);
}

const withoutTimings = (outcomes: readonly Outcome[]) =>
  JSON.stringify(outcomes.map((outcome) => ({ ...outcome, timings: null })));

const told = (seen: readonly Seen[]) =>
  seen
    .map(({ outcome, isRight }) => {
      if (outcome.kind !== 'posed')
        return `${stateOf(outcome)} ${outcome.kind === 'lost' ? outcome.reason : ''}`;
      const { source, confidence } = outcome.pose;
      return `${outcome.state} ${source} ${confidence.toFixed(2)} ${isRight ? 'right' : 'wrong'}`;
    })
    .join(' | ');
