import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Evaluation } from '../src/cli/evaluate.js';
import { posestream } from './support/cli.js';
import { sharedPath, skipWithout } from './support/shared.js';

/** What each set must give in frame mode, built from map.txt and asked with query.txt. */
interface Bar {
  readonly set: string;
  readonly fine: number;
  readonly medium: number;
}

const BARS: readonly Bar[] = [
  { set: 'kitti_a', fine: 32, medium: 32 },
  { set: 'karma_drone', fine: 11, medium: 11 },
  { set: 'walk_goproMax', fine: 15, medium: 15 },
  { set: 'brighton_drone', fine: 4, medium: 6 },
  { set: 'redkitchen7_early', fine: 29, medium: 29 },
];

const scratch = mkdtempSync(join(tmpdir(), 'posestream-sets-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const mapOf = (set: string) => join(scratch, `${set}.map`);
const data = (...parts: string[]) => sharedPath('data', ...parts);

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await posestream(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

for (const { set, fine, medium } of BARS)
  describe(set, { skip: skipWithout('data', set) }, () => {
    test('a map is built from map.txt', async () => {
      await ok('map', 'build', data(set), '--list', data(set, 'map.txt'), '--out', mapOf(set));
      const info = JSON.parse(await ok('map', 'info', mapOf(set), '--json'));
      assert.ok(info.points > 500, `${info.points} points`);
    });

    test(`at least ${fine} queries within (0.25 m, 2°), ${medium} within (0.5 m, 5°), none beyond (5 m, 10°)`, async () => {
      const poses = join(scratch, `${set}.tum`);
      await localizeQueries(set, set, poses);
      const reference = [
        '--reference',
        data(set, 'poses_tum.txt'),
        '--list',
        data(set, 'query.txt'),
        '--json',
      ];
      const result: Evaluation = JSON.parse(await ok('eval', poses, ...reference));
      console.log(set, JSON.stringify({ ...result, errors: undefined }));
      assert.ok(result.recall[0].count >= fine, `${result.recall[0].count} within (0.25 m, 2°)`);
      assert.ok(result.recall[1].count >= medium, `${result.recall[1].count} within (0.5 m, 5°)`);
      assert.equal(result.wrong, 0);
    });
  });

async function localizeQueries(set: string, map: string, out: string): Promise<void> {
  const list = data(set, 'query.txt');
  await ok('localize', data(set), '--list', list, '--map', mapOf(map), '--mode', 'frame', '--out', out);
}

describe('the wrong map', { skip: skipWithout('data') }, () => {
  for (const { set } of BARS)
    test(`gives no pose for ${set}`, async () => {
      for (const { set: other } of BARS.filter((bar) => bar.set !== set)) {
        const out = join(scratch, `${set}-in-${other}.tum`);
        await localizeQueries(set, other, out);
        const poses = readFileSync(out, 'utf8')
          .split('\n')
          .filter((line) => line !== '' && !line.startsWith('#'));
        assert.equal(poses.length, 0, `${set} in ${other}`);
      }
    });
});

test('the same input and seed give the same poses to the byte', {
  skip: skipWithout('data', 'kitti_a'),
}, async () => {
  const [once, again] = [join(scratch, 'once.tum'), join(scratch, 'again.tum')];
  for (const out of [once, again]) await localizeQueries('kitti_a', 'kitti_a', out);
  assert.deepEqual(readFileSync(once), readFileSync(again));
});
