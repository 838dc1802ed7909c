import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMERAS, createRandom } from '../../test/synthetic.js';
import { parseCamera } from './camera.js';
import { lensOf, project, projectWithJacobian, unproject, unprojectAll } from './projection.js';

const bearing = new Float64Array(3);
const pixel = new Float64Array(2);

test('pixel to bearing and back, for every model over the whole image', () => {
  const random = createRandom(1);
  for (const camera of CAMERAS)
    for (let i = 0; i < 5000; i++) {
      const x = random.uniform() * camera.widthPx;
      const y = random.uniform() * camera.heightPx;
      assert.ok(unproject(camera, x, y, bearing), `${camera.model} at ${x}, ${y}`);
      assert.ok(Math.abs(Math.hypot(...bearing) - 1) < 1e-12);
      const depth = 0.1 + 100 * random.uniform();
      assert.ok(project(camera, bearing[0] * depth, bearing[1] * depth, bearing[2] * depth, pixel));
      assert.ok(Math.hypot(pixel[0] - x, pixel[1] - y) < 1e-7, `${camera.model} at ${x}, ${y}`);
    }
});

test('the Jacobian is the numeric difference', () => {
  const random = createRandom(2);
  const jacobian = new Float64Array(6);
  const step = 1e-6;
  for (const camera of CAMERAS)
    for (let i = 0; i < 500; i++) {
      const onAxis = i === 0;
      unproject(camera, random.uniform() * camera.widthPx, random.uniform() * camera.heightPx, bearing);
      const depth = 1 + 4 * random.uniform();
      const point = onAxis ? Float64Array.of(0, 0, depth) : bearing.map((v) => v * depth);
      assert.ok(projectWithJacobian(lensOf(camera), point, pixel, jacobian));
      for (let k = 0; k < 3; k++) {
        const [high, low] = [step, -step].map((d) => {
          const moved = [...point];
          moved[k] += d;
          const out = new Float64Array(2);
          project(camera, moved[0], moved[1], moved[2], out);
          return out;
        });
        for (let r = 0; r < 2; r++) {
          const numeric = (high[r] - low[r]) / (2 * step);
          assert.ok(Math.abs(numeric - jacobian[3 * r + k]) < 1e-3, `${camera.model} d${r}/d${k}`);
        }
      }
    }
});

test('what lies behind is not seen, except by a fisheye beside it', () => {
  for (const camera of CAMERAS.slice(0, 5)) {
    assert.equal(project(camera, 0.1, 0.1, -1, pixel), false);
    assert.ok(Number.isNaN(pixel[0]) && Number.isNaN(pixel[1]));
    assert.equal(project(camera, 0.1, 0.1, 0, pixel), false);
  }
  const wide = parseCamera('OPENCV_FISHEYE', 1000, 1000, [280, 280, 500, 500, 0, 0, 0, 0]);
  assert.ok(project(wide, 1, 0, -0.1, pixel));
  assert.ok(unproject(wide, pixel[0], pixel[1], bearing));
  assert.ok(Math.abs(Math.atan2(bearing[0], bearing[2]) - Math.atan2(1, -0.1)) < 1e-12);
  assert.equal(project(wide, 0, 0, -1, pixel), false);
});

test('beyond the radius where the model turns back nothing is seen, and undistortion says so', () => {
  const camera = parseCamera('SIMPLE_RADIAL', 4000, 4000, [500, 2000, 2000, -0.3]);
  assert.ok(project(camera, 1, 0, 1, pixel));
  assert.equal(project(camera, 2, 0, 1, pixel), false);
  assert.equal(unproject(camera, 3900, 2000, bearing), false);
  assert.ok(bearing.every(Number.isNaN));
  const many = new Float64Array(6);
  assert.equal(unprojectAll(camera, [2000, 2000, 3900, 2000], 2, many), 1);
  assert.deepEqual([...many.subarray(0, 3)], [0, 0, 1]);
  assert.ok(Number.isNaN(many[3]));
});

test('strong barrel distortion still comes back', () => {
  const camera = parseCamera('RADIAL', 1000, 1000, [400, 500, 500, -0.35, 0.15]);
  const random = createRandom(3);
  for (let i = 0; i < 2000; i++) {
    const [x, y] = [1.2 * (random.uniform() - 0.5), 1.2 * (random.uniform() - 0.5)];
    assert.ok(project(camera, x, y, 1, pixel));
    assert.ok(unproject(camera, pixel[0], pixel[1], bearing));
    assert.ok(Math.hypot(bearing[0] / bearing[2] - x, bearing[1] / bearing[2] - y) < 1e-9);
  }
});

test('the model is what COLMAP and OpenCV mean by it', () => {
  const camera = parseCamera('OPENCV', 640, 480, [500, 510, 320, 240, -0.2, 0.05, 0.001, -0.002]);
  project(camera, 0.3, -0.2, 1, pixel);
  // worked by hand: r2 = 0.13, radial = 0.974845
  const r2 = 0.13;
  const radial = 1 - 0.2 * r2 + 0.05 * r2 * r2;
  const x = 0.3 * radial + 2 * 0.001 * 0.3 * -0.2 - 0.002 * (r2 + 2 * 0.09);
  const y = -0.2 * radial + 0.001 * (r2 + 2 * 0.04) + 2 * -0.002 * 0.3 * -0.2;
  assert.ok(Math.hypot(pixel[0] - (500 * x + 320), pixel[1] - (510 * y + 240)) < 1e-12 * 640);
});
