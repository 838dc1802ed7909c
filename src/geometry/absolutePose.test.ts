import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMERAS, createRandom, makeScene, type Scene } from '../../test/synthetic.js';
import { type AbsolutePose, createAbsolutePoseWorkspace, estimateAbsolutePose } from './absolutePose.js';
import { angleBetween, distanceBetween, inverse } from './rigid.js';

const ws = createAbsolutePoseWorkspace(16);
const solve = (scene: Scene, seed = 1, quality?: Float64Array): AbsolutePose | null =>
  estimateAbsolutePose(
    scene.camera,
    scene.pixels,
    scene.points,
    scene.count,
    { thresholdPx: 8, seed, quality },
    ws,
  );

function isRight(found: AbsolutePose | null, scene: Scene): boolean {
  if (found === null) return false;
  const centres = distanceBetween(inverse(found.camFromWorld), inverse(scene.camFromWorld));
  return angleBetween(found.camFromWorld, scene.camFromWorld) < 0.01 && centres < 0.1;
}

test('right poses by outlier rate, for every camera', () => {
  const random = createRandom(31);
  for (const camera of CAMERAS)
    for (const [outlierRatio, share] of [
      [0, 1],
      [0.3, 1],
      [0.6, 1],
      [0.8, 0.97],
    ]) {
      const scenes = 30;
      let right = 0;
      for (let i = 0; i < scenes; i++) {
        const scene = makeScene(camera, random, { count: 200, outlierRatio, noisePx: 1 });
        if (isRight(solve(scene, i), scene)) right++;
      }
      assert.ok(right >= share * scenes, `${camera.model}, ${outlierRatio}: ${right} of ${scenes}`);
    }
});

test('the mask marks the true inliers, within the threshold by the real projection', () => {
  const random = createRandom(32);
  for (const camera of CAMERAS) {
    const scene = makeScene(camera, random, { count: 300, outlierRatio: 0.5, noisePx: 0.5 });
    const found = solve(scene);
    assert.ok(found);
    let agree = 0;
    for (let i = 0; i < scene.count; i++) if (found.inlierMask[i] === scene.isInlier[i]) agree++;
    assert.ok(agree >= 0.97 * scene.count, `${camera.model}: ${agree}`);
    assert.equal(
      found.inlierMask.reduce((a, b) => a + b, 0),
      found.inliers,
    );
    assert.ok(found.rmsPx > 0.5 && found.rmsPx < 1.2, `${camera.model}: ${found.rmsPx}`);
    assert.ok(found.covariance?.every(Number.isFinite) && found.conditionNumber < 1e5);
  }
});

test('noise-free matches give the pose to nine digits', () => {
  const random = createRandom(33);
  for (const camera of CAMERAS) {
    const scene = makeScene(camera, random, { count: 100, outlierRatio: 0.2, noisePx: 0 });
    const found = solve(scene);
    assert.ok(found && angleBetween(found.camFromWorld, scene.camFromWorld) < 1e-8, camera.model);
  }
});

test('the same seed gives the same bytes, whatever ran before', () => {
  const random = createRandom(34);
  const scene = makeScene(CAMERAS[4], random, { count: 400, outlierRatio: 0.6, noisePx: 1 });
  const first = solve(scene, 5)!;
  for (let i = 0; i < 5; i++)
    solve(makeScene(CAMERAS[i], random, { count: 50, outlierRatio: 0.5, noisePx: 1 }), i);
  const second = solve(scene, 5)!;
  assert.deepEqual(second.matrix, first.matrix);
  assert.deepEqual(second.covariance, first.covariance);
  assert.equal(second.iterations, first.iterations);
});

test('random matches find few inliers', () => {
  const random = createRandom(35);
  for (let i = 0; i < 5; i++) {
    const scene = makeScene(CAMERAS[0], random, { count: 300, outlierRatio: 1, noisePx: 0 });
    const found = solve(scene, i);
    assert.ok(found === null || found.inliers < 15, `${found?.inliers} inliers`);
  }
});

test('quality finds a pose that uniform draws have no time for', () => {
  const random = createRandom(36);
  let [guided, blind] = [0, 0];
  for (let i = 0; i < 20; i++) {
    const scene = makeScene(CAMERAS[0], random, { count: 400, outlierRatio: 0.93, noisePx: 0.5 });
    const quality = Float64Array.from(scene.isInlier, (inlier) => 0.5 * inlier + random.uniform());
    const options = { thresholdPx: 8, seed: i, maxIterations: 400 };
    const run = (extra: object): boolean =>
      isRight(
        estimateAbsolutePose(
          scene.camera,
          scene.pixels,
          scene.points,
          scene.count,
          { ...options, ...extra },
          ws,
        ),
        scene,
      );
    if (run({ quality })) guided++;
    if (run({})) blind++;
  }
  assert.ok(guided >= 16 && guided > blind + 4, `guided ${guided}, blind ${blind}`);
});

test('input that says nothing gives no pose, not an error', () => {
  const camera = CAMERAS[0];
  const options = { thresholdPx: 8, seed: 1, maxIterations: 200 };
  assert.equal(estimateAbsolutePose(camera, [], [], 0, options, ws), null);
  assert.equal(
    estimateAbsolutePose(camera, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7, 8, 9], 3, options, ws),
    null,
  );
  const nan = new Float64Array(60).fill(Number.NaN);
  assert.equal(estimateAbsolutePose(camera, nan, nan, 20, options, ws), null);
  const same = new Float64Array(60).fill(1);
  assert.equal(estimateAbsolutePose(camera, same, same, 20, options, ws), null);
});

test('rows that are not numbers count as outliers', () => {
  const random = createRandom(37);
  const scene = makeScene(CAMERAS[0], random, { count: 100, outlierRatio: 0, noisePx: 0.5 });
  scene.points[3] = Number.NaN;
  scene.pixels[20] = Number.POSITIVE_INFINITY;
  const found = solve(scene);
  assert.ok(isRight(found, scene));
  assert.equal(found!.inlierMask[1], 0);
  assert.equal(found!.inlierMask[10], 0);
});

test('a plane is a scene like another', () => {
  const random = createRandom(38);
  let right = 0;
  for (let i = 0; i < 30; i++) {
    const scene = makeScene(CAMERAS[1], random, {
      count: 150,
      outlierRatio: 0.4,
      noisePx: 0.5,
      depthM: [10, 10],
      isPlanar: true,
    });
    if (isRight(solve(scene, i), scene)) right++;
  }
  assert.ok(right >= 29, `${right} of 30`);
});
