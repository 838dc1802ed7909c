import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMERAS, createRandom, makeScene } from '../../test/synthetic.js';
import { focalScale } from './focalScale.js';
import { createRefineWorkspace, refinePose } from './refinePose.js';
import { distanceBetween, fromMatrix3x4, inverse, writeMatrix3x4 } from './rigid.js';

const COUNT = 200;
const ROWS = Int32Array.from({ length: COUNT }, (_, i) => i);
const ALL = new Uint8Array(COUNT).fill(1);
const ws = createRefineWorkspace();

/** What matches say once the pose was refined under a focal length wrong by `factor`. */
function judged(camera: (typeof CAMERAS)[number], factor: number, seed: number, isPlanar = false, rmsPx = 2) {
  const random = createRandom(seed);
  const scene = makeScene(camera, random, { count: COUNT, outlierRatio: 0, noisePx: 0.5, isPlanar });
  const focals = /^(SIMPLE|RADIAL)/.test(camera.model) ? 1 : 2;
  const params = camera.params.map((value, i) => (i < focals ? value * factor : value));
  const wrong = { ...camera, params };
  const pose = writeMatrix3x4(scene.camFromWorld, new Float64Array(12));
  const options = { loss: 'cauchy', scalePx: 20, maxIterations: 50 } as const;
  refinePose(wrong, scene.pixels, scene.points, ROWS, COUNT, pose, options, ws);
  const camFromWorld = fromMatrix3x4<'cam', 'world'>(pose);
  const found = focalScale(wrong, camFromWorld, scene.pixels, scene.points, ALL, COUNT, rmsPx);
  assert.ok(found !== null);
  return { ...found, errorM: distanceBetween(inverse(camFromWorld), inverse(scene.camFromWorld)) };
}

test('a focal length wrong by 3 % is told, for every camera', () => {
  for (const camera of CAMERAS)
    for (const factor of [0.97, 1.03])
      for (let seed = 0; seed < 10; seed++) {
        const { ratio, sigma, shiftM, errorM } = judged(camera, factor, seed);
        assert.ok(Math.abs(ratio * factor - 1) < 0.012, `${camera.model} ${factor}: ${ratio} ± ${sigma}`);
        assert.ok(
          Math.abs(shiftM - errorM) < 0.3 * errorM + 0.01,
          `${camera.model}: ${shiftM} of ${errorM} m`,
        );
      }
});

test('a right focal length stays within its sigma as often as a normal distribution does', () => {
  for (const camera of CAMERAS) {
    const off = Array.from({ length: 60 }, (_, seed) => {
      const { ratio, sigma } = judged(camera, 1, seed);
      return Math.abs(ratio - 1) / sigma;
    });
    const within = off.filter((z) => z < 2).length;
    assert.ok(within >= 50, `${camera.model}: ${within} of 60 within two sigma`);
  }
});

test('a focal length wrong by a quarter is told as well', () => {
  for (const camera of CAMERAS)
    for (const factor of [0.8, 1.25])
      for (let seed = 0; seed < 10; seed++) {
        const { ratio, sigma } = judged(camera, factor, seed, false, 10);
        assert.ok(Math.abs(ratio * factor - 1) < 0.05, `${camera.model} × ${factor}: ${ratio} ± ${sigma}`);
      }
});

test('a wall seen straight on says little of the focal length, and says that it does', () => {
  const [pinhole] = CAMERAS;
  for (let seed = 0; seed < 20; seed++) {
    const wall = judged(pinhole, 1, seed, true);
    assert.ok(wall.sigma > 5 * judged(pinhole, 1, seed).sigma);
    assert.ok(Math.abs(wall.ratio - 1) < 3 * wall.sigma, `${wall.ratio} ± ${wall.sigma}`);
  }
});

test('too few matches say nothing', () => {
  const scene = makeScene(CAMERAS[0], createRandom(3), { count: 3, outlierRatio: 0, noisePx: 0 });
  const { camFromWorld, pixels, points } = scene;
  assert.equal(focalScale(CAMERAS[0], camFromWorld, pixels, points, new Uint8Array(3).fill(1), 3, 1), null);
});
