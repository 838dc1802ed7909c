import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimedPose } from '../../map/tum.js';
import { findJumps } from './jumps.js';
import { relativeError } from './relative.js';
import { frameOfPose, type PosedFrame } from './run.js';

const at = (timeS: number, x: number, yawDeg = 0): TimedPose => {
  const half = (yawDeg * Math.PI) / 360;
  return { timeS, worldFromCam: { q: [0, Math.sin(half), 0, Math.cos(half)], t: [x, 0, 0] } };
};
const frames = (poses: readonly TimedPose[], resets: readonly number[] = []): PosedFrame[] =>
  poses.map((pose, i) => ({ ...frameOfPose(pose), ...pose, resetCounter: resets[i] ?? 0 }));

const MARGIN = { m: 0.5, deg: 5 };
const drive = [0, 0.1, 0.2, 0.3, 0.4, 0.5].map((t) => at(t, 20 * t));

test('the drive itself has no jumps, also seen between the samples of its reference', () => {
  assert.deepEqual(findJumps(frames(drive), drive, MARGIN), []);
  assert.deepEqual(findJumps(frames(drive), [drive[0], drive[5]], MARGIN), []);
});

test('one wrong pose is two jumps: there and back', () => {
  const wrong = drive.map((pose, i) => (i === 2 ? at(pose.timeS, 5) : pose));
  const jumps = findJumps(frames(wrong), drive, MARGIN);
  assert.deepEqual(
    jumps.map(({ timeS, m, announced }) => [timeS, Math.round(m), announced]),
    [
      [0.2, 1, false],
      [0.3, 1, false],
    ],
  );
});

test('a constant offset is no jump, a turn is, and a reset announces it', () => {
  assert.deepEqual(findJumps(frames(drive.map(({ timeS }) => at(timeS, 20 * timeS + 9))), drive, MARGIN), []);
  const turned = drive.map(({ timeS }, i) => at(timeS, 20 * timeS, i >= 3 ? 8 : 0));
  const [jump, ...more] = findJumps(frames(turned, [0, 0, 0, 1, 1, 1]), drive, MARGIN);
  assert.equal(more.length, 0);
  assert.ok(Math.abs(jump.deg - 8) < 1e-9);
  assert.equal(jump.announced, true);
});

test('where no reference knows, time decides', () => {
  const far = [at(10, 0), at(10.1, 5), at(10.2, 11)];
  assert.deepEqual(
    findJumps(frames(far), drive, MARGIN).map(({ timeS }) => timeS),
    [10.2],
  );
});

test('a constant offset has no step error, a scale of 1.1 one of a tenth of each step', () => {
  const pairs = (x: (truth: number) => number) =>
    drive.map((truth) => ({ truth, estimate: at(truth.timeS, x(truth.worldFromCam.t[0])) }));
  assert.ok(relativeError(pairs((x) => x + 7)).rmseM! < 1e-9);
  assert.ok(Math.abs(relativeError(pairs((x) => 1.1 * x)).rmseM! - 0.2) < 1e-9);
  assert.equal(relativeError([]).medianM, null);
});
