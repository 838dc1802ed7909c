import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosestreamError } from '../domain/errors.js';
import { angleBetween, distanceBetween, rigid } from '../geometry/rigid.js';
import { createRandom } from '../kernels/random.js';
import { nearestPose, poseAt, sortTrajectory } from './trajectory.js';
import { formatTum, parseTum, type TimedPose } from './tum.js';

function randomPoses(count: number): TimedPose[] {
  const random = createRandom(7);
  const any = () => 2 * random.uniform() - 1;
  return Array.from({ length: count }, (_, i) => ({
    timeS: 1403636579 + i / 7 + any() * 1e-3,
    worldFromCam: rigid([any(), any(), any(), any()], [any() * 1e4, any() * 1e-7, any()]),
  }));
}

test('a written trajectory reads back to the same times and translations', () => {
  const poses = randomPoses(300);
  const again = parseTum(formatTum(poses), 'poses.tum');
  for (const [i, pose] of poses.entries()) {
    assert.equal(again[i].timeS, pose.timeS);
    assert.deepEqual(again[i].worldFromCam.t, pose.worldFromCam.t);
    assert.ok(angleBetween(again[i].worldFromCam, pose.worldFromCam) < 1e-15);
  }
});

test('comments, commas, tabs, carriage returns and a byte order mark are fine', () => {
  const text = '\uFEFF# t x y z\r\n\r\n0.5,1,2,3,0,0,0,1\r\n1\t1 2 3  0 0 0 -1\r\n';
  const poses = parseTum(text, 'x');
  assert.deepEqual(
    poses.map((p) => p.timeS),
    [0.5, 1],
  );
  assert.deepEqual(poses[1].worldFromCam, { q: [-0, -0, -0, 1], t: [1, 2, 3] });
});

test('a bad line is named', () => {
  for (const line of [
    '1 2 3',
    '0 0 0 0 0 0 0 0',
    '0 0 0 nan 0 0 0 1',
    '0 0x1 0 0 0 0 0 1',
    '0 1e999 0 0 0 0 0 1',
  ])
    assert.throws(
      () => parseTum(`# head\n0 0 0 0 0 0 0 1\n${line}\n`, 'poses.txt'),
      (e: unknown) =>
        e instanceof PosestreamError &&
        e.code === 'E_FILE_INVALID' &&
        e.message.startsWith('poses.txt, line 3:'),
    );
  assert.throws(() => parseTum('# nothing\n', 'poses.txt'), /holds no poses/);
});

test('poses between samples lie on the geodesic, gaps and ends give none', () => {
  const half = Math.sqrt(0.5);
  const sorted = sortTrajectory(
    [
      { timeS: 1, worldFromCam: rigid([0, 0, half, half], [0, 0, 2]) },
      { timeS: 0, worldFromCam: rigid([0, 0, 0, 1], [0, 0, 0]) },
      { timeS: 5, worldFromCam: rigid([0, 0, 0, 1], [9, 9, 9]) },
    ],
    'x',
  );
  const middle = poseAt(sorted, 0.5, 1);
  assert.ok(middle !== null);
  assert.ok(Math.abs(angleBetween(middle, sorted[0].worldFromCam) - Math.PI / 4) < 1e-12);
  assert.ok(Math.abs(middle.t[2] - 1) < 1e-12);
  assert.equal(poseAt(sorted, 0.5, 0.9), null);
  assert.equal(poseAt(sorted, 3, 1), null);
  assert.equal(poseAt(sorted, -0.1, 1), null);
  assert.equal(poseAt(sorted, 5.1, 1), null);
  assert.equal(distanceBetween(poseAt(sorted, 5, 1)!, sorted[2].worldFromCam), 0);
});

test('the nearest pose wins within the tolerance', () => {
  const sorted = [0, 0.1, 0.1008].map((timeS) => ({
    timeS,
    worldFromCam: rigid<'world', 'cam'>([0, 0, 0, 1], [0, 0, 0]),
  }));
  assert.equal(nearestPose(sorted, 0.1002)?.timeS, 0.1);
  assert.equal(nearestPose(sorted, 0.1006)?.timeS, 0.1008);
  assert.equal(nearestPose(sorted, 0.1019), null);
  assert.equal(nearestPose(sorted, -0.0009)?.timeS, 0);
  assert.equal(nearestPose([], 0), null);
  assert.throws(() => sortTrajectory([sorted[0], sorted[0]], 'x'), /two poses at 0 s/);
});
