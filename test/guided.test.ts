import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateDrive } from '../bench/generatedDrive.js';
import type { Engine } from '../src/domain/features.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { transport } from '../src/geometry/covariance.js';
import { adjoint } from '../src/geometry/poseMatrix.js';
import { angleBetween, compose, distanceBetween, exp, writeMatrix3x4 } from '../src/geometry/rigid.js';
import { createRandom, type Random } from '../src/kernels/random.js';
import type { PlaceIndex } from '../src/map/placeIndex.js';
import { DEFAULT_OPTIONS, type Localizer, type Query, startStopwatch } from '../src/operators/localizer.js';
import { trackLocalMap } from '../src/operators/trackLocalMap.js';
import type { Prediction } from '../src/tracking/prediction.js';

const KEYFRAMES = 60;
const drive = generateDrive({
  points: 40 * KEYFRAMES,
  keyframes: KEYFRAMES,
  stepM: 1,
  perImage: 500,
  seed: 4,
});
/** Guided search asks neither the network nor the index. */
const localizer: Localizer = {
  engine: null as unknown as Engine,
  places: null as unknown as PlaceIndex,
  map: { ...drive.map, sha256: '' },
  options: DEFAULT_OPTIONS,
  nowMs: () => 0,
};

function queryOf(n: number): { query: Query; truth: WorldFromCam } {
  const { camera, features, worldFromCam } = drive.query(n);
  const image = { pixels: new Uint8Array(0), widthPx: camera.widthPx, heightPx: camera.heightPx };
  const frame = {
    ...{ stream: 'test', epoch: 0, sequence: n, timestampS: n, captureMs: 0 },
    captureClock: 'media' as const,
  };
  const watch = startStopwatch(() => 0);
  return { query: { frame, camera, features, image, turnDeg: 0, watch }, truth: worldFromCam };
}

function around(worldFromCam: WorldFromCam, keyframe: number, rad: number, m: number): Prediction {
  const own = new Float64Array(36);
  for (let i = 0; i < 6; i++) own[7 * i] = i < 3 ? rad * rad : m * m;
  const covariance = transport(adjoint(writeMatrix3x4(worldFromCam, new Float64Array(12))), own);
  return { worldFromCam, covariance, keyframe, turnDeg: 0 };
}

const moved = (pose: WorldFromCam, rad: number, m: number, random: Random) =>
  compose(pose, exp<'cam', 'cam'>(Array.from({ length: 6 }, (_, i) => (i < 3 ? rad : m) * random.normal())));

const nearest = ({ t }: WorldFromCam) => Math.min(KEYFRAMES - 1, Math.max(0, Math.round(t[0])));

test('from an honest prediction every frame is posed, to the noise of its keypoints', () => {
  const random = createRandom(1);
  for (let n = 0; n < 40; n++) {
    const { query, truth } = queryOf(n);
    const start = moved(truth, 0.005, 0.05, random);
    const attempt = trackLocalMap(localizer, query, around(start, nearest(truth), 0.005, 0.05));
    assert.equal(attempt.kind, 'fix', `frame ${n}`);
    if (attempt.kind !== 'fix') continue;
    assert.ok(distanceBetween(attempt.pose.worldFromCam, truth) < 0.05);
    assert.ok(angleBetween(attempt.pose.worldFromCam, truth) < 0.005);
    assert.equal(attempt.pose.source, 'tracked');
    assert.ok(attempt.guided.ratio > 0.8 && attempt.guided.inliers === attempt.pose.inliers);
    assert.ok(attempt.pose.covariance !== null);
  }
});

test('a prediction at another place gives no pose but the right one, however sure it is', () => {
  const random = createRandom(2);
  let right = 0;
  for (let n = 0; n < 200; n++) {
    const { query, truth } = queryOf(n);
    const other = random.integer(KEYFRAMES);
    const [tx, ty, tz, qx, qy, qz, qw] = drive.map.keyframes.worldFromCam.subarray(7 * other, 7 * other + 7);
    const start = moved({ t: [tx, ty, tz], q: [qx, qy, qz, qw] }, 0.02, 0.2, random);
    const sigma = [0.001, 0.005, 0.02][n % 3];
    const attempt = trackLocalMap(localizer, query, around(start, other, sigma, 10 * sigma));
    if (attempt.kind === 'miss') continue;
    right++;
    const errorM = distanceBetween(attempt.pose.worldFromCam, truth);
    assert.ok(
      errorM < 0.25,
      `frame ${n} is ${errorM} m off from keyframe ${other}, ${JSON.stringify(attempt.guided)}`,
    );
  }
  assert.ok(right < 60, `${right}`);
});

test('features that belong to nothing give no pose', () => {
  for (let n = 0; n < 20; n++) {
    const { query, truth } = queryOf(n);
    const random = createRandom(n, 9);
    const descriptors = query.features.descriptors.map(() => random.normal() / 8);
    const features = { ...query.features, descriptors };
    const attempt = trackLocalMap(
      localizer,
      { ...query, features },
      around(truth, nearest(truth), 0.005, 0.05),
    );
    assert.equal(attempt.kind, 'miss');
    assert.ok(attempt.inliers < 10, `${attempt.inliers}`);
  }
});

test('the same frame and prediction give the same pose to the byte, whatever was tracked before', () => {
  const { query, truth } = queryOf(3);
  const prediction = around(moved(truth, 0.005, 0.05, createRandom(6)), nearest(truth), 0.005, 0.05);
  const first = trackLocalMap(localizer, query, prediction);
  for (const n of [8, 20]) {
    const other = queryOf(n);
    trackLocalMap(localizer, other.query, around(other.truth, nearest(other.truth), 0.01, 0.1));
  }
  assert.deepEqual(trackLocalMap(localizer, query, prediction), first);
});
