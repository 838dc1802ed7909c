import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMERAS, createRandom, makeScene } from '../../test/synthetic.js';
import { areaScale } from './areaScale.js';
import { collectNear, packRows, ROW_SIZE, scorePose } from './poseScore.js';
import { lensOf, projectWithJacobian, unproject, unprojectAll } from './projection.js';
import { shuffle } from './sampler.js';
import { createTest, retuneTest } from './sequentialTest.js';

const NEVER = createTest();

test('the area scale is that of the projection', () => {
  const random = createRandom(71);
  const bearing = new Float64Array(3);
  const jacobian = new Float64Array(6);
  for (const camera of CAMERAS)
    for (let i = 0; i < 200; i++) {
      unproject(camera, random.uniform() * camera.widthPx, random.uniform() * camera.heightPx, bearing);
      projectWithJacobian(lensOf(camera), bearing, new Float64Array(2), jacobian);
      const [a, b, c, d, e, f] = jacobian;
      const spanned = Math.hypot(b * f - c * e, c * d - a * f, a * e - b * d);
      assert.ok(Math.abs(areaScale(lensOf(camera), bearing, 0) / spanned - 1) < 1e-9, camera.model);
    }
});

function pack(camera: (typeof CAMERAS)[number], seed: number, outlierRatio: number, thresholdPx: number) {
  const count = 400;
  const scene = makeScene(camera, createRandom(seed), { count, outlierRatio, noisePx: 2 });
  const bearings = new Float64Array(3 * count);
  unprojectAll(camera, scene.pixels, count, bearings);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffle({ state: seed }, order, count);
  const rows = new Float64Array(ROW_SIZE * count);
  packRows(camera, bearings, scene.points, order, count, thresholdPx, rows);
  return { scene, rows, order, count };
}

test('scores stand for pixel errors: few rows fall on the other side of the threshold', () => {
  for (const camera of CAMERAS) {
    const { scene, rows, order, count } = pack(camera, 72, 0.3, 4);
    const picked = new Int32Array(count);
    const found = collectNear(rows, count, scene.matrix, 1, order, count, picked, new Float64Array(count));
    const near = new Set(picked.subarray(0, found));
    let differ = 0;
    const pixel = new Float64Array(2);
    for (let i = 0; i < count; i++) {
      const m = scene.matrix;
      const point = [0, 4, 8].map(
        (r) =>
          m[r] * scene.points[3 * i] +
          m[r + 1] * scene.points[3 * i + 1] +
          m[r + 2] * scene.points[3 * i + 2] +
          m[r + 3],
      );
      projectWithJacobian(lensOf(camera), Float64Array.from(point), pixel, null);
      const error = Math.hypot(pixel[0] - scene.pixels[2 * i], pixel[1] - scene.pixels[2 * i + 1]);
      if (error < 4 !== near.has(i)) differ++;
    }
    // noise of half the threshold puts every tenth row near it; a wide fisheye stretches most
    assert.ok(differ < 0.08 * count, `${camera.model}: ${differ} of ${count}`);
  }
});

test('the cost counts outliers whole and inliers by their square, and stops where told', () => {
  const { scene, rows, count } = pack(CAMERAS[1], 73, 0.25, 10);
  const counts = { inliers: 0, tested: 0 };
  const cost = scorePose(rows, count, scene.matrix, 0, Number.POSITIVE_INFINITY, NEVER, counts);
  assert.equal(counts.tested, count);
  const outliers = count - counts.inliers;
  // noise of 2 px in two directions under a threshold of 10: 8 / 100 each
  assert.ok(Math.abs(cost - outliers - 0.08 * counts.inliers) < 0.01 * count);
  assert.equal(scorePose(rows, count, scene.matrix, 0, 20, NEVER, counts), Number.POSITIVE_INFINITY);
  assert.ok(counts.tested < count);
});

test('the sequential test drops wrong poses early and keeps right ones', () => {
  const counts = { inliers: 0, tested: 0 };
  const sequential = createTest();
  let [kept, tested] = [0, 0];
  const rounds = 200;
  for (let i = 0; i < rounds; i++) {
    const { scene, rows, count } = pack(CAMERAS[0], 100 + i, 0.7, 8);
    retuneTest(sequential, 0.3 * count, count);
    if (scorePose(rows, count, scene.matrix, 0, count, sequential, counts) < count) kept++;
    const wrong = scene.matrix.slice();
    wrong[3] += 3;
    wrong[7] -= 2;
    scorePose(rows, count, wrong, 0, count, sequential, counts);
    tested += counts.tested;
  }
  assert.ok(tested / rounds < 40, `${tested / rounds} rows for a wrong pose`);
  assert.ok(kept >= 0.9 * rounds, `${kept} of ${rounds} right ones kept`);
});
