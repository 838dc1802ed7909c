import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Evaluation } from '../src/cli/evaluate.js';
import { DEFAULT_MODEL, openLocalizer } from '../src/cli/openLocalizer.js';
import { posestream } from './support/cli.js';
import { localizeAll } from './support/localizeAll.js';
import { sharedPath, skipWithout } from './support/shared.js';

/** What each set must give in frame mode, built from map.txt and asked with query.txt. */
const BARS = [
  { set: 'kitti_a', fine: 32, medium: 32 },
  { set: 'karma_drone', fine: 11, medium: 11 },
  { set: 'walk_goproMax', fine: 15, medium: 15 },
  { set: 'brighton_drone', fine: 4, medium: 6 },
  { set: 'redkitchen7_early', fine: 29, medium: 29 },
] as const;

const scratch = mkdtempSync(join(tmpdir(), 'posestream-sets-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const mapOf = (set: string) => join(scratch, `${set}.map`);
const data = (...parts: string[]) => sharedPath('data', ...parts);

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await posestream(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function localizeQueries(set: string, out: string): Promise<void> {
  const list = data(set, 'query.txt');
  await ok('localize', data(set), '--list', list, '--map', mapOf(set), '--mode', 'frame', '--out', out);
}

for (const { set, fine, medium } of BARS)
  describe(set, { skip: skipWithout('data', set) }, () => {
    test('a map is built from map.txt', async () => {
      await ok('map', 'build', data(set), '--list', data(set, 'map.txt'), '--out', mapOf(set));
      const info = JSON.parse(await ok('map', 'info', mapOf(set), '--json'));
      assert.ok(info.points > 500, `${info.points} points`);
    });

    test(`≥ ${fine} queries within (0.25 m, 2°), ≥ ${medium} within (0.5 m, 5°), none beyond (5 m, 10°)`, async (t) => {
      const poses = join(scratch, `${set}.tum`);
      await localizeQueries(set, poses);
      const reference = [
        '--reference',
        data(set, 'poses_tum.txt'),
        '--list',
        data(set, 'query.txt'),
        '--json',
      ];
      const result: Evaluation = JSON.parse(await ok('eval', poses, ...reference));
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
  for (const { set: map } of BARS)
    test(`${map} gives no pose to any other set`, async () => {
      const localizer = await openLocalizer({ mapPath: mapOf(map), modelPath: DEFAULT_MODEL });
      try {
        for (const { set } of BARS.filter((bar) => bar.set !== map)) {
          const outcomes = await localizeAll(localizer, data(set), { mode: 'frame', list: someQueries(set) });
          assert.equal(outcomes.filter(({ kind }) => kind === 'posed').length, 0, `${set} in ${map}`);
        }
      } finally {
        await localizer.close();
      }
    });
});

test('the same input and seed give the same poses to the byte', {
  skip: skipWithout('data', 'kitti_a'),
}, async () => {
  const again = join(scratch, 'again.tum');
  await localizeQueries('kitti_a', again);
  assert.deepEqual(readFileSync(again), readFileSync(join(scratch, 'kitti_a.tum')));
});
