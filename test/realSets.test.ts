import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readReference } from '../src/cli/eval/reference.js';
import { evaluate } from '../src/cli/evaluate.js';
import { DEFAULT_MODEL, type OpenLocalizer, openLocalizer } from '../src/cli/openLocalizer.js';
import { formatTum, type TimedPose } from '../src/map/tum.js';
import { isFix } from '../src/tracking/isFix.js';
import { posestream } from './support/cli.js';
import { localizeAll } from './support/localizeAll.js';
import { type Looks, seenOnce } from './support/seenOnce.js';
import { sharedPath, skipWithout } from './support/shared.js';

/** What each set must give in frame mode, built from map.txt and asked with query.txt. */
const BARS = [
  { set: 'kitti_a', fine: 32, medium: 32 },
  { set: 'karma_drone', fine: 11, medium: 11 },
  { set: 'walk_goproMax', fine: 15, medium: 15 },
  { set: 'brighton_drone', fine: 4, medium: 6 },
  { set: 'redkitchen7_early', fine: 29, medium: 29 },
] as const;

const TOLERANCE_S = 1e-3;
const scratch = mkdtempSync(join(tmpdir(), 'posestream-sets-'));
const localizers = new Map<string, OpenLocalizer>();
const posesOf = new Map<string, readonly TimedPose[]>();
after(async () => {
  for (const localizer of localizers.values()) await localizer.close();
  rmSync(scratch, { recursive: true, force: true });
});

const mapOf = (set: string) => join(scratch, `${set}.map`);
const data = (...parts: string[]) => sharedPath('data', ...parts);

async function ok(...args: string[]): Promise<void> {
  const { code, stderr } = await posestream(...args);
  assert.equal(code, 0, stderr);
}

async function localizerOf(set: string): Promise<OpenLocalizer> {
  const opened =
    localizers.get(set) ??
    (await openLocalizer({ mapPath: mapOf(set), modelPath: DEFAULT_MODEL, threads: 1 }));
  localizers.set(set, opened);
  return opened;
}

for (const { set, fine, medium } of BARS)
  describe(set, { skip: skipWithout('data', set) }, () => {
    test('a map is built from map.txt', async () => {
      await ok('map', 'build', data(set), '--list', data(set, 'map.txt'), '--out', mapOf(set));
      const { map } = await localizerOf(set);
      assert.ok(map.points.count > 500, `${map.points.count} points`);
    });

    test(`≥ ${fine} queries within (0.25 m, 2°), ≥ ${medium} within (0.5 m, 5°), none beyond (5 m, 10°)`, async (t) => {
      const list = data(set, 'query.txt');
      const outcomes = await localizeAll(await localizerOf(set), data(set), { mode: 'frame', list });
      const poses = outcomes
        .filter(isFix)
        .map(({ frame, pose }) => ({ timeS: frame.timestampS, worldFromCam: pose.worldFromCam }));
      posesOf.set(set, poses);
      const reference = data(set, 'poses_tum.txt');
      const { queries } = readReference({ reference, list, toleranceS: TOLERANCE_S });
      const result = evaluate(poses, queries, TOLERANCE_S);
      t.diagnostic(JSON.stringify({ ...result, errors: undefined }));
      assert.ok(result.recall[0].count >= fine, `${result.recall[0].count} within (0.25 m, 2°)`);
      assert.ok(result.recall[1].count >= medium, `${result.recall[1].count} within (0.5 m, 5°)`);
      assert.equal(result.wrong, 0);
    });
  });

/** Looking at a foreign picture takes longest, since it is turned all ways: the default takes some of each set,
 * `npm run test:sets` takes all. */
function someQueries(set: string): string {
  const all = data(set, 'query.txt');
  if (process.env.POSESTREAM_ALL_QUERIES !== undefined) return all;
  const names = readFileSync(all, 'utf8')
    .split('\n')
    .filter((name) => name !== '');
  const some = join(scratch, `${set}-some.txt`);
  writeFileSync(some, names.filter((_, i) => i % Math.ceil(names.length / 3) === 0).join('\n'));
  return some;
}

describe('a wrong map', { skip: skipWithout('data') }, () => {
  for (const { set } of BARS)
    test(`${set} gets no pose in the map of any other set`, async () => {
      const looks: Looks = new Map();
      const list = someQueries(set);
      for (const { set: map } of BARS.filter((bar) => bar.set !== set)) {
        const localizer = seenOnce(await localizerOf(map), looks);
        const outcomes = await localizeAll(localizer, data(set), { mode: 'frame', list });
        assert.ok(outcomes.length > 0);
        assert.equal(outcomes.filter(({ kind }) => kind === 'posed').length, 0, `${set} in ${map}`);
      }
    });
});

test('the command gives the same poses to the byte', { skip: skipWithout('data', 'kitti_a') }, async () => {
  const out = join(scratch, 'again.tum');
  const [set, list] = [data('kitti_a'), data('kitti_a', 'query.txt')];
  await ok('localize', set, '--list', list, '--map', mapOf('kitti_a'), '--mode', 'frame', '--out', out);
  assert.equal(readFileSync(out, 'utf8'), formatTum(posesOf.get('kitti_a') ?? []));
});
