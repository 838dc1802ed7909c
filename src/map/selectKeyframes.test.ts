import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorldFromCam } from '../domain/rigid.js';
import { angleBetween, distanceBetween, rigid } from '../geometry/rigid.js';
import { createRandom } from '../kernels/random.js';
import { motionRule, selectKeyframes } from './selectKeyframes.js';
import type { TimedPose } from './tum.js';

/** 30 frames a second: 4 s walking, 3 s standing, then 2 s turning on the spot by 90 degrees. */
function walk(metresPerUnit = 1): TimedPose[] {
  return Array.from({ length: 270 }, (_, i) => {
    const timeS = i / 30;
    const x = (1.3 * Math.min(timeS, 4)) / metresPerUnit;
    const yaw = (Math.PI / 2) * Math.max(0, Math.min(1, (timeS - 7) / 2));
    return { timeS, worldFromCam: rigid([0, Math.sin(yaw / 2), 0, Math.cos(yaw / 2)], [x, 0, 0]) };
  });
}

const posesOf = (trajectory: readonly TimedPose[]): WorldFromCam[] => trajectory.map((p) => p.worldFromCam);

test('moving and turning make keyframes, standing does not', () => {
  const trajectory = walk();
  const chosen = selectKeyframes(posesOf(trajectory), motionRule(trajectory));
  const during = (from: number, to: number) => chosen.filter((i) => i / 30 >= from && i / 30 < to).length;
  assert.ok(during(0, 4) >= 9 && during(0, 4) <= 12, `${during(0, 4)} walking`);
  assert.ok(during(4.1, 7) === 0, `${during(4.1, 7)} standing`);
  assert.ok(during(7, 9) >= 8 && during(7, 9) <= 10, `${during(7, 9)} turning`);
  assert.equal(chosen[0], 0);
});

test('the unit of length does not matter', () => {
  const choose = (trajectory: TimedPose[]) => selectKeyframes(posesOf(trajectory), motionRule(trajectory));
  assert.deepEqual(choose(walk(1024)), choose(walk()));
});

test('no frame is far from the keyframe before it', () => {
  const random = createRandom(3);
  for (let round = 0; round < 200; round++) {
    let x = 0;
    const poses = Array.from({ length: 100 }, () => {
      x += random.uniform();
      return rigid<'world', 'cam'>([0, 0.3 * random.uniform(), 0, 1], [x, 0, 0]);
    });
    const rule = { minStep: 3 * random.uniform(), minRotationRad: 0.5 * random.uniform() };
    const chosen = selectKeyframes(poses, rule);
    let last = 0;
    for (const [i, pose] of poses.entries()) {
      const isKeyframe = chosen.includes(i);
      if (isKeyframe) last = i;
      else {
        assert.ok(distanceBetween(poses[last], pose) < rule.minStep);
        assert.ok(angleBetween(poses[last], pose) < rule.minRotationRad);
      }
    }
  }
});

test('every n-th frame on request; a still camera gives one', () => {
  const poses = posesOf(walk());
  assert.deepEqual(selectKeyframes(poses.slice(0, 10), { every: 4 }), [0, 4, 8]);
  const still = walk().slice(130, 200);
  assert.deepEqual(selectKeyframes(posesOf(still), motionRule(still)), [0]);
  assert.deepEqual(selectKeyframes([], motionRule([])), []);
});
