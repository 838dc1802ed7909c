import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openInput } from '../src/cli/input.js';
import { DEFAULT_MODEL, type OpenLocalizer, openLocalizer } from '../src/cli/openLocalizer.js';
import { posestream } from './support/cli.js';
import { sharedPath, skipWithout } from './support/shared.js';
import { EMPTY_COUNT, type TurnedCount, turnedRecall } from './support/turnedRecall.js';

/** The real sets with each query picture rolled, left and right in turn, against maps of upright pictures.
 * `npm run test:turned`: about 400 pictures, those that stay lost looked at eight times. */
const SETS = ['redkitchen7_early', 'kitti_a', 'karma_drone', 'walk_goproMax', 'brighton_drone'];

/** Least share of all queries within (0.25 m, 2°); null is reported only. */
const BARS = [
  { deg: 20, atLeast: 0.95 },
  { deg: 40, atLeast: 0.9 },
  { deg: 60, atLeast: null },
  { deg: 90, atLeast: null },
] as const;

const scratch = mkdtempSync(join(tmpdir(), 'posestream-turned-'));
const totals = new Map<number, TurnedCount>();
const present = SETS.filter((set) => skipWithout('data', set) === false);
const localizers = new Map<string, OpenLocalizer>();

after(async () => {
  for (const localizer of localizers.values()) await localizer.close();
  rmSync(scratch, { recursive: true, force: true });
});

async function localizerOf(set: string): Promise<OpenLocalizer> {
  const mapPath = join(scratch, `${set}.map`);
  const folder = sharedPath('data', set);
  const built = await posestream('map', 'build', folder, '--list', join(folder, 'map.txt'), '--out', mapPath);
  assert.equal(built.code, 0, built.stderr);
  const localizer = await openLocalizer({ mapPath, modelPath: DEFAULT_MODEL });
  localizers.set(set, localizer);
  return localizer;
}

const inWords = ({ queries, fine, wrong, medianInliers }: TurnedCount) =>
  `${String(fine).padStart(3)} of ${queries} within (0.25 m, 2°), ${wrong} wrong, median inliers ${medianInliers}`;

const plus = (a: TurnedCount, b: TurnedCount): TurnedCount => ({
  queries: a.queries + b.queries,
  fine: a.fine + b.fine,
  wrong: a.wrong + b.wrong,
  medianInliers: b.medianInliers,
});

for (const set of SETS)
  test(`${set}, turned`, { skip: skipWithout('data', set) }, async () => {
    const localizer = await localizerOf(set);
    const folder = sharedPath('data', set);
    for (const { deg } of BARS) {
      const list = join(folder, 'query.txt');
      const input = await openInput(folder, { list, maxSidePx: localizer.map.header.maxSidePx });
      const found = await turnedRecall(localizer, input.frames, join(folder, 'poses_tum.txt'), deg);
      totals.set(deg, plus(totals.get(deg) ?? EMPTY_COUNT, found));
      console.log(`${set.padEnd(18)} ${String(deg).padStart(3)}°  ${inWords(found)}`);
      assert.equal(found.wrong, 0, `${set} at ${deg}°`);
    }
  });

describe('all sets', {
  skip: present.length === SETS.length ? false : 'some of the real sets are not here',
}, () => {
  for (const { deg, atLeast } of BARS)
    test(`turned by ${deg}°`, () => {
      const { fine, queries } = totals.get(deg) ?? EMPTY_COUNT;
      console.log(`all ${deg}°: ${fine} of ${queries} (${((100 * fine) / queries).toFixed(1)} %)`);
      if (atLeast !== null)
        assert.ok(fine >= atLeast * queries, `${fine} of ${queries}, bar ${100 * atLeast} %`);
    });
});
