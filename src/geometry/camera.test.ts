import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMERAS, createRandom } from '../../test/synthetic.js';
import { CAMERA_PARAMS, focalX, focalY, parseCamera, resizeCamera, scaleCamera } from './camera.js';
import { project, unproject } from './projection.js';

test('every model has its parameter count, and refuses any other', () => {
  for (const [model, names] of Object.entries(CAMERA_PARAMS)) {
    const params = names.map((name) => (name.startsWith('f') ? 500 : 0.01));
    assert.equal(parseCamera(model, 640, 480, params).params.length, names.length);
    assert.throws(() => parseCamera(model, 640, 480, params.slice(1)), { code: 'E_INTRINSICS' });
    assert.throws(() => parseCamera(model, 640, 480, [...params, 0]), { code: 'E_INTRINSICS' });
  }
});

test('bad intrinsics name their field', () => {
  const cases: [string, unknown, unknown, unknown[], RegExp][] = [
    ['FOV', 640, 480, [1], /model 'FOV'/],
    ['toString', 640, 480, [1], /model 'toString'/],
    ['PINHOLE', 640.5, 480, [500, 500, 320, 240], /widthPx/],
    ['PINHOLE', 0, 480, [500, 500, 320, 240], /widthPx/],
    ['PINHOLE', 640, '480', [500, 500, 320, 240], /heightPx/],
    ['PINHOLE', 640, 480, [500, 0, 320, 240], /fy/],
    ['PINHOLE', 640, 480, [-500, 500, 320, 240], /fx/],
    ['PINHOLE', 640, 480, [500, 500, Number.NaN, 240], /cx/],
    ['RADIAL', 640, 480, [500, 320, 240, 0, Number.POSITIVE_INFINITY], /k2/],
    ['OPENCV', 640, 480, [500, 500, 320, 240, 0, 0, 0, '0'], /p2/],
  ];
  for (const [model, width, height, params, message] of cases)
    assert.throws(() => parseCamera(model, width, height, params), { code: 'E_INTRINSICS', message });
});

test('a resized camera sees the same points at resized pixels', () => {
  const random = createRandom(7);
  const bearing = new Float64Array(3);
  const pixel = new Float64Array(2);
  for (const camera of CAMERAS)
    for (const [sx, sy] of [
      [0.5, 0.5],
      [2, 2],
      [0.5, 0.75],
      [1.3, 0.9],
    ]) {
      const scaled = scaleCamera(camera, sx, sy);
      for (let i = 0; i < 50; i++) {
        const [x, y] = [random.uniform() * camera.widthPx, random.uniform() * camera.heightPx];
        assert.ok(unproject(camera, x, y, bearing));
        assert.ok(project(scaled, bearing[0], bearing[1], bearing[2], pixel));
        assert.ok(Math.abs(pixel[0] - sx * x) < 1e-7 && Math.abs(pixel[1] - sy * y) < 1e-7);
      }
    }
});

test('an image of another shape is refused, a rounded one is not', () => {
  const camera = CAMERAS[0];
  assert.equal(resizeCamera(camera, 320, 240).widthPx, 320);
  const odd = resizeCamera(camera, 426, 320);
  assert.ok(Math.abs(focalX(odd) / focalY(odd) - 1) < 0.01);
  assert.throws(() => resizeCamera(camera, 640, 360), { code: 'E_INTRINSICS_MISMATCH' });
});
