import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMERAS, createRandom } from '../../test/synthetic.js';
import { updateLeft } from './poseMatrix.js';
import { createPixelPredictions, createPredictScratch, predictPixels } from './predictPixels.js';
import { lensOf, projectWithJacobian } from './projection.js';

const SIGMA = [0.004, 0.006, 0.003, 0.05, 0.02, 0.08];
const POSE = Float64Array.from([1, 0, 0, 0.2, 0, 1, 0, -0.1, 0, 0, 1, 0.3]);
const options = { sigmas: 1, noisePx: 0, minRadiusPx: 0, maxRadiusPx: 1e9, limit: 1e9 };

function predictAll(
  camera: (typeof CAMERAS)[number],
  points: Float64Array,
  more: Partial<typeof options> = {},
) {
  const covariance = Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? SIGMA[i / 7] ** 2 : 0));
  const out = createPixelPredictions();
  const { widthPx, heightPx } = camera;
  const all = { ...options, ...more, widthPx, heightPx };
  const count = points.length / 3;
  predictPixels(lensOf(camera), points, count, POSE, covariance, all, createPredictScratch(), out);
  return out;
}

const cloud = (seed: number, count: number) => {
  const random = createRandom(seed);
  return Float64Array.from(
    { length: 3 * count },
    (_, i) => (i % 3 === 2 ? 20 : 12) * (random.uniform() - 0.4),
  );
};

function pixelOf(
  camera: (typeof CAMERAS)[number],
  pose: Float64Array,
  p: ArrayLike<number>,
): Float64Array | null {
  const row = (r: number) =>
    pose[4 * r] * p[0] + pose[4 * r + 1] * p[1] + pose[4 * r + 2] * p[2] + pose[4 * r + 3];
  const out = new Float64Array(2);
  return projectWithJacobian(lensOf(camera), Float64Array.of(row(0), row(1), row(2)), out, null) ? out : null;
}

test('exactly the points inside the image are expected, in order, where they project', () => {
  for (const camera of CAMERAS) {
    const points = cloud(4, 500);
    const out = predictAll(camera, points);
    const inside: number[] = [];
    for (let i = 0; i < 500; i++) {
      const px = pixelOf(camera, POSE, points.subarray(3 * i, 3 * i + 3));
      if (px === null || !(px[0] >= 0 && px[1] >= 0 && px[0] < camera.widthPx && px[1] < camera.heightPx))
        continue;
      assert.equal(out.xyPx[2 * inside.length], Math.fround(px[0]));
      inside.push(i);
    }
    assert.ok(inside.length > 20, camera.model);
    assert.deepEqual([...out.row.subarray(0, out.count)], inside);
    assert.deepEqual([...predictAll(camera, points, { limit: 7 }).row.subarray(0, 7)], inside.slice(0, 7));
  }
});

test('the radius is the spread of the pixel under the pose uncertainty, in its widest direction', () => {
  const random = createRandom(5);
  for (const camera of CAMERAS) {
    const points = cloud(6, 60).map((v, i) => (i % 3 === 2 ? 6 + Math.abs(v) : v));
    const out = predictAll(camera, points);
    const moved = new Float64Array(12);
    for (let n = 0; n < Math.min(out.count, 5); n++) {
      const point = points.subarray(3 * out.row[n], 3 * out.row[n] + 3);
      let [xx, xy, yy] = [0, 0, 0];
      const draws = 4000;
      for (let draw = 0; draw < draws; draw++) {
        updateLeft(
          POSE,
          SIGMA.map((s) => 0.2 * s * random.normal()),
          moved,
        );
        const px = pixelOf(camera, moved, point)!;
        const [dx, dy] = [px[0] - out.xyPx[2 * n], px[1] - out.xyPx[2 * n + 1]];
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
      }
      const widest = (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
      const seen = Math.sqrt(widest / draws) / 0.2;
      assert.ok(Math.abs(out.radiusPx[n] / seen - 1) < 0.06, `${camera.model} ${out.radiusPx[n]} ${seen}`);
    }
  }
});

test('the radius is kept between its limits', () => {
  const out = predictAll(CAMERAS[0], cloud(7, 300), {
    minRadiusPx: 6,
    maxRadiusPx: 9,
    sigmas: 3,
    noisePx: 1,
  });
  for (let i = 0; i < out.count; i++) assert.ok(out.radiusPx[i] >= 6 && out.radiusPx[i] <= 9);
});
