import assert from 'node:assert/strict';
import { test } from 'node:test';
import { look, makeWorld } from '../../test/glances.js';
import { createRandom } from '../../test/synthetic.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { angleBetween, compose, distanceBetween, exp } from '../geometry/rigid.js';
import { measureMotion, type Odometry } from './odometry.js';
import { createOdometryWorkspace } from './odometryWorkspace.js';
import { setMapRanges } from './snapshot.js';

const ws = createOdometryWorkspace();

const AT_ORIGIN: WorldFromCam = { q: [0, 0, 0, 1], t: [0, 0, 0] };
const moved = (from: WorldFromCam, twist: number[]) => compose(from, exp<'cam', 'cam'>(twist));

test('the motion between two frames: its length within 3 %, its turn within 0.1 degrees', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = createRandom(seed);
    const world = makeWorld(random);
    const twist = [0.03, 0.06, -0.03, 0.2, -0.1, 0.4].map((size) => size * (2 * random.uniform() - 1));
    const [a, b] = [look(world, AT_ORIGIN, random), look(world, moved(AT_ORIGIN, twist), random)];
    setMapRanges(a.snapshot, AT_ORIGIN, a.known.xyPx, a.known.xyz);
    const { previousFromCurrent, inliers } = measureMotion(a.snapshot, b.snapshot, null, ws)!;
    const truth = exp<'cam', 'cam'>(twist);
    assert.ok(inliers > 100);
    const errorM = distanceBetween(previousFromCurrent, truth);
    assert.ok(errorM < 0.004 + 0.03 * Math.hypot(...truth.t), `seed ${seed}: ${errorM} m`);
    assert.ok(angleBetween(previousFromCurrent, truth) < 0.1 * (Math.PI / 180));
  }
});

test('a camera that only turns has not moved', () => {
  const random = createRandom(50);
  const world = makeWorld(random);
  const [a, b] = [
    look(world, AT_ORIGIN, random),
    look(world, moved(AT_ORIGIN, [0, 0.08, 0, 0, 0, 0]), random),
  ];
  setMapRanges(a.snapshot, AT_ORIGIN, a.known.xyPx, a.known.xyz);
  const { previousFromCurrent, covariance } = measureMotion(a.snapshot, b.snapshot, null, ws)!;
  const length = Math.hypot(...previousFromCurrent.t);
  assert.ok(length < 0.01, `${length} m`);
  assert.ok(length < 4 * Math.sqrt(covariance[21] + covariance[28] + covariance[35]));
});

test('distances carry over: the way goes on where the map is silent', () => {
  const random = createRandom(51);
  const world = makeWorld(random);
  const first = look(world, AT_ORIGIN, random);
  setMapRanges(first.snapshot, AT_ORIGIN, first.known.xyPx, first.known.xyz);
  let [pose, found, before] = [AT_ORIGIN, AT_ORIGIN, first.snapshot];
  let expected: Odometry['previousFromCurrent'] | null = null;
  for (let frame = 0; frame < 15; frame++) {
    pose = moved(pose, [0, 0.01, 0, 0.02, 0, 0.08]);
    const { snapshot } = look(world, pose, random);
    const motion: Odometry = measureMotion(before, snapshot, expected, ws)!;
    found = compose(found, motion.previousFromCurrent);
    expected = motion.previousFromCurrent;
    before = snapshot;
  }
  const wayM = Math.hypot(...pose.t);
  assert.ok(distanceBetween(found, pose) < 0.05 * wayM, `${distanceBetween(found, pose)} of ${wayM} m`);
});

test('distances from a wrong place are not believed', () => {
  const random = createRandom(52);
  const world = makeWorld(random);
  const [a, b] = [
    look(world, AT_ORIGIN, random),
    look(world, moved(AT_ORIGIN, [0, 0, 0, 0.4, 0, 0.3]), random),
  ];
  const shuffled = a.known.xyz.map((_, i) => a.known.xyz[(i + 3 * 57) % a.known.xyz.length]);
  setMapRanges(a.snapshot, AT_ORIGIN, a.known.xyPx, shuffled);
  const motion = measureMotion(a.snapshot, b.snapshot, null, ws);
  const truth = exp<'cam', 'cam'>([0, 0, 0, 0.4, 0, 0.3]);
  if (motion !== null) {
    const sigmaM = Math.sqrt(motion.covariance[21] + motion.covariance[28] + motion.covariance[35]);
    assert.ok(distanceBetween(motion.previousFromCurrent, truth) < 5 * sigmaM);
  }
});

test('pictures of different places have no motion between them', () => {
  for (let seed = 60; seed < 70; seed++) {
    const random = createRandom(seed);
    const [here, there] = [makeWorld(random), makeWorld(random)];
    const [a, b] = [look(here, AT_ORIGIN, random), look(there, AT_ORIGIN, random)];
    setMapRanges(a.snapshot, AT_ORIGIN, a.known.xyPx, a.known.xyz);
    assert.equal(measureMotion(a.snapshot, b.snapshot, null, ws), null);
  }
});
