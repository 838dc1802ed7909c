import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorldFromCam } from '../domain/rigid.js';
import { transport } from '../geometry/covariance.js';
import { adjoint } from '../geometry/poseMatrix.js';
import { compose, distanceBetween, exp, rigid, writeMatrix3x4 } from '../geometry/rigid.js';
import { createRandom } from '../kernels/random.js';
import { METRIC_LIMITS } from './limits.js';
import { innovation, isNear, type Moving, nextTwist, predict, type Twist, widen } from './motion.js';
import { poseSigma } from './poseSigma.js';

const { motion } = METRIC_LIMITS;
const FAR: WorldFromCam = rigid([0.1, 0.2, -0.3, 0.9], [120, -40, 3]);
const CURVE: Twist = [0.02, 0.3, -0.01, 0.4, 0, 6];
const along = (twist: Twist, seconds: number): WorldFromCam =>
  compose(FAR, exp<'cam', 'cam'>(twist.map((v) => v * seconds)));
const moving = (twist: Twist | null): Moving => ({
  worldFromCam: FAR,
  covariance: widen(FAR, null, motion),
  twist,
  timestampS: 5,
});

test('what a fix does not know of in its own axes is carried into the world by the adjoint', () => {
  const own = new Float64Array(36);
  for (let i = 0; i < 6; i++) own[7 * i] = (i < 3 ? motion.fixRad : motion.fixM) ** 2;
  const expected = transport(adjoint(writeMatrix3x4(FAR, new Float64Array(12))), own);
  const widened = widen(FAR, null, motion);
  for (const [i, v] of expected.entries()) assert.ok(Math.abs(widened[i] - v) <= 1e-9 * (1 + Math.abs(v)));
});

test('a steady curve is predicted to the letter, whatever the time between frames', () => {
  for (const dtS of [0, 0.033, 0.1, 0.7]) {
    const expected = predict(moving(CURVE), 5 + dtS, motion);
    assert.ok(distanceBetween(expected.worldFromCam, along(CURVE, dtS)) < 1e-9);
  }
});

test('two fixes give the velocity between them; fixes at one time give none', () => {
  const twist = nextTwist(moving(null), along(CURVE, 0.25), 5.25)!;
  twist.forEach((v, i) => {
    assert.ok(Math.abs(v - CURVE[i]) < 1e-9);
  });
  assert.equal(nextTwist(moving(CURVE), along(CURVE, 0.1), 5), CURVE);
  const turned = nextTwist(moving(CURVE), along([0, 0, 0, 0, 0, 0], 0.2), 5.2)!;
  assert.ok(turned[5] > 0 && turned[5] < CURVE[5], 'a change of velocity is taken in part');
});

test('uncertainty grows with time, faster while the velocity is unknown, wherever the world has its origin', () => {
  const sigmaM = (twist: Twist | null, dtS: number) => {
    const { worldFromCam, covariance } = predict(moving(twist), 5 + dtS, motion);
    return poseSigma(worldFromCam, covariance).m;
  };
  assert.ok(Math.abs(sigmaM(CURVE, 0) - motion.fixM) < 1e-6);
  for (const dtS of [0.1, 0.4, 1]) {
    assert.ok(sigmaM(CURVE, dtS) > sigmaM(CURVE, dtS / 2));
    assert.ok(sigmaM(null, dtS) > 2 * sigmaM(CURVE, dtS));
  }
});

test('a pose drawn from the expected distribution has the innovation of its degrees of freedom', () => {
  const random = createRandom(3);
  const expected = predict(moving(CURVE), 5.2, motion);
  const none = new Float64Array(36);
  const home = rigid<'world', 'cam'>([0, 0, 0, 1], [0, 0, 0]);
  const here = { ...moving(CURVE), worldFromCam: home, covariance: widen(home, null, motion) };
  const { worldFromCam, covariance } = predict(here, 5.2, motion);
  const { m, rad } = poseSigma(worldFromCam, covariance);
  const sigma = [rad, rad, rad, m, m, m];
  let sum = 0;
  const draws = 2000;
  for (let n = 0; n < draws; n++) {
    const offset = exp<'cam', 'cam'>(sigma.map((s) => s * random.normal()));
    sum += innovation(expected, compose(expected.worldFromCam, offset), none);
  }
  assert.ok(Math.abs(sum / draws - 6) < 0.6, `${sum / draws}`);
});

test('near is a metre and five degrees, or what the uncertainty allows', () => {
  const expected = predict(moving(CURVE), 5, motion);
  const off = (m: number, rad: number) =>
    isNear(expected, compose(expected.worldFromCam, exp<'cam', 'cam'>([rad, 0, 0, m, 0, 0])), METRIC_LIMITS);
  assert.deepEqual([off(0.9, 0.08), off(1.1, 0), off(0, 0.1)], [true, false, false]);
  const later = predict(moving(null), 5.5, motion);
  const moved = compose(later.worldFromCam, exp<'cam', 'cam'>([0, 0, 0, 2, 0, 0]));
  assert.ok(
    isNear(later, moved, METRIC_LIMITS),
    'a camera of unknown speed may have moved 2 m in half a second',
  );
});
