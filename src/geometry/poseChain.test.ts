import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random, randomPose } from '../../test/synthetic.js';
import {
  adjointOfInverseAt,
  composeAt,
  logAt,
  relativeAt,
  rightJacobianInverse,
  updateRightAt,
} from './poseChain.js';
import { adjoint, invertPose } from './poseMatrix.js';
import { compose, exp, inverse, log, type Rigid, writeMatrix3x4 } from './rigid.js';

const seven = (pose: Rigid<string, string>) => Float64Array.from([...pose.t, ...pose.q]);
const twist = (random: Random, size: number) =>
  Float64Array.from({ length: 6 }, () => size * random.normal());

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < expected.length; i++)
    assert.ok(Math.abs(actual[i] - expected[i]) <= tolerance, `[${i}] ${actual[i]} is not ${expected[i]}`);
}

test('poses in arrays compose, differ and move as rigid.ts says', () => {
  const random = createRandom(5);
  for (let round = 0; round < 500; round++) {
    const a = randomPose<'b', 'b'>(random);
    const b = randomPose<'b', 'b'>(random);
    const delta = twist(random, round % 2 ? 1e-5 : 0.3);
    const out = new Float64Array(7);
    const xi = new Float64Array(6);
    composeAt(seven(a), 0, seven(b), 0, out, 0);
    logAt(out, 0, xi);
    assertNear(xi, log(compose(a, b)), 1e-8);
    relativeAt(seven(a), 0, seven(b), 0, out, 0);
    logAt(out, 0, xi);
    assertNear(xi, log(compose(inverse(a), b)), 1e-8);
    out.set(seven(a));
    updateRightAt(out, 0, delta, 0);
    logAt(out, 0, xi);
    assertNear(xi, log(compose(a, exp(delta))), 1e-8);
  }
});

test('the inverse right Jacobian is the derivative of the logarithm', () => {
  const random = createRandom(6);
  for (let round = 0; round < 300; round++) {
    const xi = twist(random, [1e-6, 0.02, 0.05, 0.6][round % 4]);
    const jacobian = new Float64Array(36);
    rightJacobianInverse(xi, jacobian);
    for (let j = 0; j < 6; j++) {
      const nudge = (h: number) =>
        log(compose(exp(xi), exp(Array.from({ length: 6 }, (_, k) => (k === j ? h : 0)))));
      const [up, down] = [nudge(1e-5), nudge(-1e-5)];
      const column = up.map((v, i) => (v - down[i]) / 2e-5);
      assertNear(
        [0, 1, 2, 3, 4, 5].map((i) => jacobian[6 * i + j]),
        column,
        1e-6,
      );
    }
  }
});

test("the inverse's adjoint is that of poseMatrix.ts", () => {
  const random = createRandom(7);
  for (let round = 0; round < 100; round++) {
    const pose = randomPose(random);
    const out = new Float64Array(36);
    adjointOfInverseAt(seven(pose), 0, out);
    assertNear(out, adjoint(invertPose(writeMatrix3x4(pose, new Float64Array(12)))), 1e-9);
  }
});
