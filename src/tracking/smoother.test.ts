import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Drive, leftSpread, makeDrive, spread, USUAL, wrongPose } from '../../test/drives.js';
import { createRandom } from '../../test/synthetic.js';
import type { FrameId } from '../domain/frame.js';
import type { SmoothPose } from '../domain/outcome.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { compose, distanceBetween, inverse } from '../geometry/rigid.js';
import { METRIC_LIMITS } from './limits.js';
import { NEW_SMOOTHER, type SmoothInput, smoothFrame } from './smoother.js';

const DT_S = 0.1;

const frameId = (i: number): FrameId => ({
  ...{ stream: 's', epoch: 0, sequence: i, timestampS: i * DT_S },
  ...{ captureMs: 0, captureClock: 'media' },
});

const inputOf = (drive: Drive, i: number, fix: WorldFromCam | null): SmoothInput => ({
  frame: frameId(i),
  resetCounter: 0,
  fix:
    fix === null
      ? null
      : { worldFromCam: fix, covariance: leftSpread(fix, USUAL.fixRad / 3, USUAL.fixM / 3) },
  odometry: {
    previousFromCurrent: drive.motions[i],
    covariance: spread(USUAL.motionRad, USUAL.motionM),
    inliers: 100,
  },
});

function follow(inputs: readonly SmoothInput[]): (SmoothPose | null)[] {
  let smoother = NEW_SMOOTHER;
  return inputs.map((input) => {
    const step = smoothFrame(smoother, input, METRIC_LIMITS);
    smoother = step.smoother;
    return step.smooth;
  });
}

const errorOf = (pose: SmoothPose | null, truth: WorldFromCam) => distanceBetween(pose!.worldFromCam, truth);

test('a frame alone is its own fix, and two that disagree say nothing', () => {
  const random = createRandom(1);
  const drive = makeDrive(random, 4, USUAL);
  const wrong = wrongPose(drive.fixes[1], random);
  const poses = follow(drive.fixes.map((fix, i) => inputOf(drive, i, i === 1 ? wrong : fix)));
  assert.ok(errorOf(poses[0], drive.fixes[0]) < 1e-9);
  assert.deepEqual(
    poses.map((pose) => pose !== null),
    [true, false, true, true],
  );
});

test('three fixes in ten wrong: no published pose is far off, none jumps', () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = createRandom(seed);
    const drive = makeDrive(random, 100, USUAL);
    const fixes = drive.fixes.map((fix, i) =>
      i > 0 && random.uniform() < 0.3 ? wrongPose(fix, random) : fix,
    );
    const poses = follow(fixes.map((fix, i) => inputOf(drive, i, fix)));
    const published = poses.flatMap((pose, i) => (pose === null ? [] : [{ pose, i }]));
    assert.ok(published.length > 75, `${published.length} published`);
    published.forEach(({ pose, i }, n) => {
      assert.ok(errorOf(pose, drive.truth[i]) < 0.5, `seed ${seed}, frame ${i}`);
      if (n === 0) return;
      const before = published[n - 1];
      const step = compose(inverse(before.pose.worldFromCam), pose.worldFromCam);
      const truth = compose(inverse(drive.truth[before.i]), drive.truth[i]);
      assert.ok(distanceBetween(step, truth) < METRIC_LIMITS.agreeM);
    });
  }
});

test('without fixes the pose goes by the motions', () => {
  const drive = makeDrive(createRandom(3), 60, USUAL);
  const poses = follow(drive.truth.map((_, i) => inputOf(drive, i, i < 30 ? drive.fixes[i] : null)));
  assert.ok(errorOf(poses[59], drive.truth[59]) < 0.5);
});

test('a reset, a gap and another epoch start over', () => {
  const drive = makeDrive(createRandom(4), 12, USUAL);
  const inputs = drive.fixes.map((fix, i) => inputOf(drive, i, fix));
  const later = (change: (input: SmoothInput) => SmoothInput) =>
    follow(inputs.map((input, i) => (i < 6 ? input : change(input))));
  const changes: ((input: SmoothInput) => SmoothInput)[] = [
    (input) => ({ ...input, resetCounter: 1 }),
    (input) => ({ ...input, frame: { ...input.frame, timestampS: input.frame.timestampS + 2 } }),
    (input) => ({ ...input, frame: { ...input.frame, epoch: 1 } }),
  ];
  for (const change of changes) {
    const poses = later(change);
    assert.deepEqual(
      poses.flatMap((pose, i) => (errorOf(pose, drive.fixes[i]) < 1e-9 ? [i] : [])),
      [0, 6],
    );
  }
});

test('fixes that move elsewhere for good are followed, after a pause instead of a jump', () => {
  const drive = makeDrive(createRandom(5), 60, USUAL);
  const other = wrongPose(drive.truth[20], createRandom(6));
  const shift = compose(other, inverse(drive.truth[20]));
  const truth = drive.truth.map((pose, i) => (i < 20 ? pose : compose(shift, pose)));
  const fixes = drive.fixes.map((pose, i) => (i < 20 ? pose : compose(shift, pose)));
  const poses = follow(fixes.map((fix, i) => inputOf(drive, i, fix)));
  assert.ok(errorOf(poses[59], truth[59]) < 0.5);
  for (let i = 1; i < 60; i++)
    if (poses[i] !== null && poses[i - 1] !== null)
      assert.ok(distanceBetween(poses[i]!.worldFromCam, poses[i - 1]!.worldFromCam) < METRIC_LIMITS.agreeM);
});

test('without odometry the motion before goes on', () => {
  const drive = makeDrive(createRandom(7), 40, USUAL);
  const poses = follow(
    drive.fixes.map((fix, i) => ({
      ...inputOf(drive, i, fix),
      ...(i > 5 && i < 9 ? { odometry: null } : {}),
    })),
  );
  poses.forEach((pose, i) => {
    assert.ok(errorOf(pose, drive.truth[i]) < 0.3, `frame ${i}`);
  });
});

test('a motion of unknown certainty breaks the path: the frame after it is its own fix again', () => {
  const drive = makeDrive(createRandom(7), 8, USUAL);
  const inputs = drive.fixes.map((fix, i) => inputOf(drive, i, fix));
  const broken = { ...inputs[5], odometry: { ...inputs[5].odometry!, covariance: new Float64Array(36) } };
  const poses = follow(inputs.with(5, broken));
  assert.ok(errorOf(poses[4], drive.fixes[4]) > 1e-6, 'four frames are smoothed together');
  assert.ok(errorOf(poses[5], drive.fixes[5]) < 1e-9);
});
