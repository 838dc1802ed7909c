import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMERAS, createRandom, disturb, makeScene, randomPose } from '../../test/synthetic.js';
import { poseUncertainty } from './covariance.js';
import { adjoint, invertPose, updateLeft } from './poseMatrix.js';
import { createRefineWorkspace, type Loss, refinePose } from './refinePose.js';
import {
  angleBetween,
  compose,
  distanceBetween,
  exp,
  fromMatrix3x4,
  inverse,
  log,
  writeMatrix3x4,
} from './rigid.js';

const ws = createRefineWorkspace();
const everyRow = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

test('from a disturbed start the exact pose comes back, for every camera and loss', () => {
  const random = createRandom(21);
  for (const camera of CAMERAS)
    for (const loss of ['squared', 'cauchy', 'truncated'] as const)
      for (let i = 0; i < 20; i++) {
        const scene = makeScene(camera, random, { count: 40, outlierRatio: 0, noisePx: 0 });
        const pose = writeMatrix3x4(disturb(scene.camFromWorld, random, 0.003, 0.01), new Float64Array(12));
        const options = { loss, scalePx: 50, maxIterations: 50, tolerance: 1e-12 };
        refinePose(camera, scene.pixels, scene.points, everyRow(40), 40, pose, options, ws);
        const found = fromMatrix3x4<'cam', 'world'>(pose);
        assert.ok(angleBetween(found, scene.camFromWorld) < 1e-7, `${camera.model}, ${loss}`);
        assert.ok(distanceBetween(found, scene.camFromWorld) < 1e-6, `${camera.model}, ${loss}`);
      }
});

test('the gradient and Hessian are those of the cost', () => {
  const random = createRandom(22);
  for (const camera of CAMERAS) {
    const scene = makeScene(camera, random, { count: 30, outlierRatio: 0, noisePx: 0 });
    const start = writeMatrix3x4(disturb(scene.camFromWorld, random, 1e-3, 1e-3), new Float64Array(12));
    const costAt = (pose: Float64Array, loss: Loss): number => {
      const options = { loss, scalePx: 3, maxIterations: 0 };
      refinePose(camera, scene.pixels, scene.points, everyRow(30), 30, pose, options, ws);
      return ws.accepted.cost;
    };
    for (const loss of ['squared', 'cauchy'] as const) {
      costAt(start.slice(), loss);
      const gradient = ws.accepted.gradient.slice();
      for (let k = 0; k < 6; k++) {
        const step = 1e-6;
        const [high, low] = [step, -step].map((d) => {
          const delta = new Float64Array(6);
          delta[k] = d;
          const moved = new Float64Array(12);
          updateLeft(start, delta, moved);
          return costAt(moved, loss);
        });
        // the cost is a sum of squares, the gradient that of half of it
        const numeric = (high - low) / (4 * step);
        assert.ok(
          Math.abs(numeric - gradient[k]) < 1e-4 * (1 + Math.abs(numeric)),
          `${camera.model} ${loss} ${k}`,
        );
      }
    }
  }
});

test('a robust loss withstands outliers that a square does not', () => {
  const random = createRandom(23);
  const camera = CAMERAS[1];
  for (const loss of ['cauchy', 'truncated'] as const) {
    const scene = makeScene(camera, random, { count: 200, outlierRatio: 0.2, noisePx: 0.5 });
    const pose = writeMatrix3x4(disturb(scene.camFromWorld, random, 1e-3, 1e-2), new Float64Array(12));
    const options = { loss, scalePx: 3, maxIterations: 30 };
    refinePose(camera, scene.pixels, scene.points, everyRow(200), 200, pose, options, ws);
    assert.ok(angleBetween(fromMatrix3x4(pose), scene.camFromWorld) < 3e-3, loss);
  }
});

test('a left update is the exponential to first order', () => {
  const random = createRandom(24);
  for (let i = 0; i < 200; i++) {
    const pose = randomPose(random);
    const delta = Array.from({ length: 6 }, () => 1e-6 * random.normal());
    const updated = new Float64Array(12);
    updateLeft(writeMatrix3x4(pose, new Float64Array(12)), delta, updated);
    const exact = compose(exp<'cam', 'cam'>(delta), pose);
    assert.ok(distanceBetween(fromMatrix3x4(updated), exact) < 1e-10);
    assert.ok(angleBetween(fromMatrix3x4(updated), exact) < 1e-10);
  }
});

test('the adjoint carries a perturbation through a pose: T exp(d) = exp(Ad d) T', () => {
  const random = createRandom(25);
  for (let i = 0; i < 200; i++) {
    const pose = randomPose<'a', 'b'>(random);
    const matrix = writeMatrix3x4(pose, new Float64Array(12));
    const delta = Array.from({ length: 6 }, () => 0.3 * random.normal());
    const ad = adjoint(matrix);
    const carried = delta.map((_, r) => delta.reduce((sum, d, c) => sum + ad[6 * r + c] * d, 0));
    const left = compose(exp<'a', 'a'>(carried), pose);
    const right = compose(pose, exp<'b', 'b'>(delta));
    assert.ok(distanceBetween(left, right) < 1e-9 && angleBetween(left, right) < 1e-9);
    const undone = compose(fromMatrix3x4<'b', 'a'>(invertPose(matrix)), pose);
    assert.ok(distanceBetween(undone, exp<'b', 'b'>([0, 0, 0, 0, 0, 0])) < 1e-9);
  }
});

test('the covariance is the spread of worldFromCam over repeated noise', () => {
  const random = createRandom(26);
  const camera = CAMERAS[4];
  const noisePx = 0.7;
  const trials = 3000;
  const clean = makeScene(camera, random, { count: 60, outlierRatio: 0, noisePx: 0 });
  const truth = inverse(clean.camFromWorld);
  const measured = new Float64Array(36);
  const claimed = new Float64Array(36);
  for (let trial = 0; trial < trials; trial++) {
    const pixels = clean.pixels.map((v) => v + noisePx * random.normal());
    const pose = clean.matrix.slice();
    const options = { loss: 'cauchy', scalePx: 2.385 * noisePx, maxIterations: 20 } as const;
    refinePose(camera, pixels, clean.points, everyRow(60), 60, pose, options, ws);
    const delta = log(compose(inverse(fromMatrix3x4<'cam', 'world'>(pose)), inverse(truth)));
    const { covariance } = poseUncertainty(pose, ws);
    assert.ok(covariance);
    for (let i = 0; i < 36; i++) {
      measured[i] += (delta[Math.floor(i / 6)] * delta[i % 6]) / trials;
      claimed[i] += covariance[i] / trials;
    }
  }
  for (let i = 0; i < 6; i++) {
    const ratio = claimed[7 * i] / measured[7 * i];
    assert.ok(ratio > 0.8 && ratio < 1.25, `variance ${i}: claimed over measured ${ratio}`);
    for (let j = 0; j < 6; j++) {
      const scale = Math.sqrt(measured[7 * i] * measured[7 * j]);
      assert.ok(Math.abs(claimed[6 * i + j] - measured[6 * i + j]) < 0.2 * scale, `covariance ${i}, ${j}`);
    }
  }
});

test('the condition number tells a far-off scene from a near one, and does not mind units', () => {
  const random = createRandom(27);
  const conditionAt = (depthM: readonly [number, number], unit: number): number => {
    const scene = makeScene(CAMERAS[0], random, { count: 100, outlierRatio: 0, noisePx: 0.5, depthM });
    const points = scene.points.map((v) => v * unit);
    const pose = scene.matrix.map((v, i) => (i % 4 === 3 ? v * unit : v));
    const options = { loss: 'squared', scalePx: 1, maxIterations: 5 } as const;
    refinePose(CAMERAS[0], scene.pixels, points, everyRow(100), 100, pose, options, ws);
    return poseUncertainty(pose, ws).conditionNumber;
  };
  const near = conditionAt([1, 20], 1);
  assert.ok(conditionAt([1000, 1010], 1) > 10 * near);
  assert.ok(Math.abs(Math.log(conditionAt([1, 20], 1000) / near)) < 1);
});

test('too few rows are singular, not certain', () => {
  const random = createRandom(28);
  const scene = makeScene(CAMERAS[0], random, { count: 2, outlierRatio: 0, noisePx: 0 });
  const pose = scene.matrix.slice();
  const options = { loss: 'squared', scalePx: 1, maxIterations: 5 } as const;
  refinePose(CAMERAS[0], scene.pixels, scene.points, everyRow(2), 2, pose, options, ws);
  const { covariance, conditionNumber } = poseUncertainty(pose, ws);
  assert.equal(covariance, null);
  assert.ok(conditionNumber > 1e8);
});
