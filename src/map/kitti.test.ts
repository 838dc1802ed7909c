import assert from 'node:assert/strict';
import { test } from 'node:test';
import { angleBetween, distanceBetween, exp } from '../geometry/rigid.js';
import { createRandom } from '../kernels/random.js';
import { formatKitti, formatKittiTimes, parseKitti, parseKittiTimes } from './kitti.js';
import { formatTum, parseTum, type TimedPose } from './tum.js';

const random = createRandom(11);
const poses: TimedPose[] = Array.from({ length: 50 }, (_, i) => ({
  timeS: 0.1 * i + 0.003,
  worldFromCam: exp<'world', 'cam'>(
    Array.from({ length: 6 }, (_, axis) => (axis < 3 ? 1 : 100) * random.normal()),
  ),
}));

test('poses and times read back, also by way of TUM', () => {
  const times = parseKittiTimes(formatKittiTimes(poses), 'times.txt');
  const back = parseKitti(formatKitti(poses), 'p.txt', times);
  const around = parseTum(formatTum(back), 'p.tum');
  for (const read of [back, around])
    read.forEach((pose, i) => {
      assert.equal(pose.timeS, poses[i].timeS);
      assert.ok(distanceBetween(pose.worldFromCam, poses[i].worldFromCam) < 1e-9);
      assert.ok(angleBetween(pose.worldFromCam, poses[i].worldFromCam) < 1e-7);
    });
});

test('without times the line number counts', () => {
  assert.deepEqual(
    parseKitti(formatKitti(poses), 'p.txt', null).map(({ timeS }) => timeS),
    poses.map((_, i) => i),
  );
});

const REFUSED: [string, RegExp][] = [
  ['1 0 0 0 0 1 0 0 0 0 1', /p\.txt, line 2: 11 fields/],
  ['1 0 0 0 0 1 0 0 0 0 1 x', /p\.txt, line 2: 'x' is not a number/],
  ['1 0 0 0 0 1 0 0 0 0 -1 0', /p\.txt, line 2: .*no rotation/],
  ['2 0 0 0 0 2 0 0 0 0 2 0', /p\.txt, line 2: .*no rotation/],
  ['0 0 0 0 0 0 0 0 0 0 0 0', /p\.txt, line 2: .*no rotation/],
];

test('what is no pose is refused by file and line', () => {
  for (const [line, message] of REFUSED)
    assert.throws(() => parseKitti(`1 0 0 0 0 1 0 0 0 0 1 0\n${line}\n`, 'p.txt', null), message);
});

test('times must be as many as poses', () => {
  assert.throws(() => parseKitti(formatKitti(poses), 'p.txt', [0, 1]), /p\.txt holds 50 poses .* 2 times/);
  assert.throws(() => parseKittiTimes('0\n0.1\nlate\n', 't.txt'), /t\.txt, line 3: 'late'/);
});
