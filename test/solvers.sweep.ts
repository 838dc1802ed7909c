import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAbsolutePoseWorkspace, estimateAbsolutePose } from '../src/geometry/absolutePose.js';
import { createFivePointWorkspace, fivePoint, MAX_ESSENTIALS } from '../src/geometry/fivePoint.js';
import { createP3pWorkspace, POSE_SIZE, p3p } from '../src/geometry/p3p.js';
import { project, unproject } from '../src/geometry/projection.js';
import { createRefineWorkspace, refinePose } from '../src/geometry/refinePose.js';
import { createRelativePoseWorkspace, estimateRelativePose } from '../src/geometry/relativePose.js';
import {
  angleBetween,
  distanceBetween,
  fromMatrix3x4,
  inverse,
  type Rigid,
  writeMatrix3x4,
} from '../src/geometry/rigid.js';
import { createTriangulateWorkspace, triangulate } from '../src/geometry/triangulate.js';
import { essentialError, p3pCase, p3pError, twoViews } from './solverCases.js';
import { CAMERAS, createRandom, disturb, makeScene } from './synthetic.js';
import { trackError, trackOf } from './tracks.js';

/** Every solver against exact truth, 100 000 seeded cases each (RANSAC shares them among its outlier rates, the
 * two-view RANSAC takes a fifth). `npm run test:sweep`; SWEEP_CASES for fewer. */
const CASES = Number(process.env.SWEEP_CASES ?? 100_000);

/** Runs the cases and holds the share of right ones to its bar. */
function sweep(name: string, atLeast: number, isRight: (i: number) => boolean, share = 1): void {
  const cases = Math.ceil(CASES * share);
  test(`${name}: at least ${100 * atLeast} % of ${cases}`, (context) => {
    let right = 0;
    for (let i = 0; i < cases; i++) if (isRight(i)) right++;
    context.diagnostic(`${name}: ${right} of ${cases} right (${((100 * right) / cases).toFixed(4)} %)`);
    assert.ok(right >= atLeast * cases, `${right} of ${cases}`);
  });
}

type Pose = Rigid<'cam', 'world'>;
const isNear = (found: Pose, truth: Pose, rad: number, m: number): boolean =>
  angleBetween(found, truth) < rad && distanceBetween(inverse(found), inverse(truth)) < m;

for (const camera of CAMERAS) {
  const random = createRandom(101);
  const bearing = new Float64Array(3);
  const pixel = new Float64Array(2);
  sweep(`undistortion, ${camera.model}`, 1, () => {
    const [x, y] = [random.uniform() * camera.widthPx, random.uniform() * camera.heightPx];
    if (!unproject(camera, x, y, bearing)) return false;
    project(camera, bearing[0], bearing[1], bearing[2], pixel);
    return Math.hypot(pixel[0] - x, pixel[1] - y) < 1e-7;
  });
}

{
  const random = createRandom(102);
  const ws = createP3pWorkspace();
  const out = new Float64Array(4 * POSE_SIZE);
  sweep('P3P, exact', 0.9999, () => {
    const { bearings, points, matrix } = p3pCase(random);
    const { closest, worstRay } = p3pError(bearings, points, matrix, out, p3p(bearings, points, out, ws));
    return closest < 1e-6 && worstRay < 1e-6;
  });
}

{
  const random = createRandom(103);
  const ws = createFivePointWorkspace();
  const out = new Float64Array(9 * MAX_ESSENTIALS);
  sweep('five points, exact', 0.999, () => {
    const { a, b, essential } = twoViews(random, 5);
    return essentialError(essential, out, fivePoint(a, b, out, ws)) < 1e-3;
  });
}

{
  const random = createRandom(104);
  const ws = createTriangulateWorkspace(16);
  const options = { thresholdPx: 4, minAngleRad: 0.005 };
  sweep('triangulation, exact, 2 to 8 views', 0.9999, (i) => {
    const track = trackOf(random, { views: 2 + (i % 7), noisePx: 0, wrong: 0 });
    if (track.angleRad < 0.006) return true;
    const { views, viewOf, pixels, bearings, count } = track;
    const found = triangulate(views, viewOf, pixels, bearings, count, options, ws);
    return found.inliers === count && trackError(track, found.xyz) < 1e-4;
  });
  sweep('triangulation, 0.5 px noise, 2 of 7 wrong', 0.9999, () => {
    const track = trackOf(random, { views: 7, noisePx: 0.5, wrong: 2 });
    const { views, viewOf, pixels, bearings, count } = track;
    const found = triangulate(views, viewOf, pixels, bearings, count, options, ws);
    return trackError(track, found.xyz) < 1;
  });
}

{
  const random = createRandom(105);
  const ws = createRefineWorkspace();
  const rows = Int32Array.from({ length: 30 }, (_, i) => i);
  const options = { loss: 'cauchy', scalePx: 20, maxIterations: 30, tolerance: 1e-10 } as const;
  sweep('refinement, exact, disturbed start', 0.9999, (i) => {
    const scene = makeScene(CAMERAS[i % CAMERAS.length], random, { count: 30, outlierRatio: 0, noisePx: 0 });
    const pose = writeMatrix3x4(disturb(scene.camFromWorld, random, 0.005, 0.02), new Float64Array(12));
    refinePose(scene.camera, scene.pixels, scene.points, rows, 30, pose, options, ws);
    return isNear(fromMatrix3x4(pose), scene.camFromWorld, 1e-6, 1e-5);
  });
}

for (const [outlierRatio, atLeast] of [
  [0.1, 0.9999],
  [0.5, 0.9999],
  [0.7, 0.999],
]) {
  const random = createRandom(106 + 100 * outlierRatio);
  const ws = createAbsolutePoseWorkspace();
  sweep(
    `RANSAC, N 100, ${100 * outlierRatio} % outliers, 1 px noise`,
    atLeast,
    (i) => {
      const camera = CAMERAS[i % CAMERAS.length];
      const scene = makeScene(camera, random, { count: 100, outlierRatio, noisePx: 1 });
      const options = { thresholdPx: 8, seed: i };
      const found = estimateAbsolutePose(camera, scene.pixels, scene.points, 100, options, ws);
      return found !== null && isNear(found.camFromWorld, scene.camFromWorld, 0.02, 0.2);
    },
    1 / 3,
  );
}

{
  const random = createRandom(107);
  const ws = createRelativePoseWorkspace();
  sweep(
    'relative pose, N 60, 20 % outliers',
    0.98,
    (i) => {
      const { a, b, bFromA } = twoViews(random, 60, 12, 3e-4);
      const found = estimateRelativePose(a, b, 60, { thresholdRad: 2e-3, seed: i }, ws);
      if (found === null) return false;
      const length = Math.hypot(...bFromA.t);
      const cosine = found.bFromA.t.reduce((sum, v, k) => sum + (v * bFromA.t[k]) / length, 0);
      return angleBetween(found.bFromA, bFromA) < 0.02 && cosine > 0.99;
    },
    1 / 5,
  );
}
