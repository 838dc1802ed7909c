import assert from 'node:assert/strict';
import { test } from 'node:test';
import { essentialError, twoViews } from '../../test/solverCases.js';
import { createRandom, randomPose } from '../../test/synthetic.js';
import { essentialFromPoses, sampsonSquared } from './epipolar.js';
import { countInFront, decomposeEssential } from './essentialPose.js';
import { createFivePointWorkspace, fivePoint, MAX_ESSENTIALS } from './fivePoint.js';
import { createRootWorkspace, realRoots } from './realRoots.js';
import { refineRelative } from './refineRelative.js';
import { createRelativePoseWorkspace, estimateRelativePose } from './relativePose.js';
import { angleBetween, fromMatrix3x4, inverse, transformPoint, writeMatrix3x4 } from './rigid.js';

test('two known poses: a point seen by both meets its epipolar plane', () => {
  const random = createRandom(51);
  const e = new Float64Array(9);
  for (let i = 0; i < 500; i++) {
    const [poseA, poseB] = [randomPose(random), randomPose(random)];
    const both = new Float64Array(24);
    writeMatrix3x4(poseA, both, 0);
    writeMatrix3x4(poseB, both, 12);
    essentialFromPoses(both, 0, both, 12, e);
    const point = transformPoint(inverse(poseA), [random.normal(), random.normal(), 5]);
    const unit = (v: readonly number[]): number[] => v.map((c) => c / Math.hypot(...v));
    const a = unit(transformPoint(poseA, point));
    const b = unit(transformPoint(poseB, point));
    assert.ok(sampsonSquared(e, a, 0, b, 0) < 1e-25);
    assert.ok(Math.abs(e.reduce((s, v) => s + v * v, 0) - 2) < 1e-9);
  }
});

test("Sampson's error is the angle that a bearing must move, to first order", () => {
  const random = createRandom(52);
  for (let i = 0; i < 200; i++) {
    const { a, b, essential } = twoViews(random, 1);
    const normal = [0, 1, 2].map(
      (r) => essential[3 * r] * a[0] + essential[3 * r + 1] * a[1] + essential[3 * r + 2] * a[2],
    );
    const size = Math.hypot(...normal);
    const away = Float64Array.from(b, (v, k) => v + (1e-4 * normal[k]) / size);
    const scale = 1 / Math.hypot(...away);
    const error = Math.sqrt(
      sampsonSquared(
        essential,
        a,
        0,
        away.map((v) => v * scale),
        0,
      ),
    );
    // both bearings share the correction, so it lies below the full angle and above its half over root two
    assert.ok(error < 1.0001e-4 && error > 0.3e-4, `${error}`);
  }
});

test('five exact pairs: the true matrix is among the solutions, and every one is essential', () => {
  const random = createRandom(53);
  const ws = createFivePointWorkspace();
  const out = new Float64Array(9 * MAX_ESSENTIALS);
  const cases = 5000;
  let close = 0;
  let [solutions, singular] = [0, 0];
  for (let i = 0; i < cases; i++) {
    const { a, b, essential } = twoViews(random, 5);
    const count = fivePoint(a, b, out, ws);
    if (essentialError(essential, out, count) < 1e-3) close++;
    solutions += count;
    for (let s = 0; s < count; s++) if (Math.abs(det(out.subarray(9 * s, 9 * s + 9))) < 1e-4) singular++;
  }
  assert.ok(close >= 0.998 * cases, `${close} of ${cases}`);
  assert.ok(singular >= 0.999 * solutions, `${singular} of ${solutions}`);
});

function det(m: Float64Array): number {
  return (
    m[0] * (m[4] * m[8] - m[5] * m[7]) -
    m[1] * (m[3] * m[8] - m[5] * m[6]) +
    m[2] * (m[3] * m[7] - m[4] * m[6])
  );
}

test('of the four poses one is true, and the only one with the points in front', () => {
  const random = createRandom(54);
  const poses = new Float64Array(48);
  const rows = Int32Array.from({ length: 20 }, (_, i) => i);
  for (let i = 0; i < 500; i++) {
    const { a, b, bFromA, essential } = twoViews(random, 20);
    decomposeEssential(essential, 0, poses);
    const truth = [0, 1, 2, 3].filter((k) => {
      const pose = fromMatrix3x4<'camB', 'camA'>(poses, 12 * k);
      const length = Math.hypot(...bFromA.t);
      const dot = pose.t.reduce((s, v, j) => s + (v * bFromA.t[j]) / length, 0);
      return angleBetween(pose, bFromA) < 1e-6 && dot > 1 - 1e-9;
    });
    assert.equal(truth.length, 1);
    const inFront = [0, 1, 2, 3].map((k) => countInFront(poses, 12 * k, a, b, rows, 20));
    assert.ok(inFront[truth[0]] >= 18 && Math.max(...inFront) === inFront[truth[0]]);
  }
});

test('relative pose by outlier rate', () => {
  const random = createRandom(55);
  const ws = createRelativePoseWorkspace();
  for (const [outliers, share] of [
    [0, 1],
    [60, 1],
    [100, 0.95],
  ]) {
    let right = 0;
    for (let i = 0; i < 20; i++) {
      const { a, b, bFromA } = twoViews(random, 200, outliers, 5e-4);
      const found = estimateRelativePose(a, b, 200, { thresholdRad: 2.5e-3, seed: i }, ws);
      if (found === null) continue;
      const length = Math.hypot(...bFromA.t);
      const dot = found.bFromA.t.reduce((s, v, j) => s + (v * bFromA.t[j]) / length, 0);
      if (angleBetween(found.bFromA, bFromA) < 0.02 && dot > 0.99) right++;
      assert.ok(found.inliers >= 0.9 * (200 - outliers) && found.inliers <= 200 - 0.8 * outliers);
      assert.ok(found.medianParallaxRad > 2.5e-3);
    }
    assert.ok(right >= 20 * share, `${outliers} outliers: ${right} of 20`);
  }
});

test('the same seed gives the same bytes; too few pairs give none', () => {
  const random = createRandom(56);
  const { a, b } = twoViews(random, 100, 30, 1e-3);
  const options = { thresholdRad: 4e-3, seed: 3 };
  const first = estimateRelativePose(a, b, 100, options, createRelativePoseWorkspace())!;
  const ws = createRelativePoseWorkspace();
  estimateRelativePose(b, a, 50, options, ws);
  assert.deepEqual(estimateRelativePose(a, b, 100, options, ws)!.essential, first.essential);
  assert.equal(estimateRelativePose(a, b, 5, options, ws), null);
});

test('refinement lowers the error of a disturbed pose', () => {
  const random = createRandom(57);
  const rows = Int32Array.from({ length: 50 }, (_, i) => i);
  for (let i = 0; i < 100; i++) {
    const { a, b, bFromA, pose } = twoViews(random, 50);
    const length = Math.hypot(...bFromA.t);
    const start = pose.map((v, k) => (k % 4 === 3 ? v / length + 0.02 * random.normal() : v));
    refineRelative(a, b, rows, 50, 0.1, 20, start);
    assert.ok(angleBetween(fromMatrix3x4<'camB', 'camA'>(start), bFromA) < 1e-6, `case ${i}`);
  }
});

test('real roots: those put in come out, wherever they lie', () => {
  const random = createRandom(58);
  const ws = createRootWorkspace(10);
  const out = new Float64Array(10);
  for (let i = 0; i < 2000; i++) {
    const roots = Array.from(
      { length: 1 + random.integer(5) },
      () => random.normal() * 10 ** (2 * random.normal()),
    );
    let c = [1];
    for (const r of roots) c = multiply(c, [-r, 1]);
    // a factor without real roots
    c = multiply(c, [1 + random.uniform(), random.uniform(), 1]);
    const degree = c.length - 1;
    const count = realRoots(Float64Array.from(c), degree, out, ws);
    for (const r of roots) {
      const separation = Math.min(...roots.filter((x) => x !== r).map((x) => Math.abs(x / r - 1)), 1);
      if (separation < 0.05) continue;
      const nearest = Math.min(...out.subarray(0, count).map((x) => Math.abs(x / r - 1)));
      assert.ok(nearest < 1e-6, `root ${r} of ${roots}`);
    }
  }
});

function multiply(a: readonly number[], b: readonly number[]): number[] {
  const out = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      out[i + j] += x * y;
    });
  });
  return out;
}
