import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, randomPose } from '../../test/synthetic.js';
import {
  angleBetween,
  compose,
  distanceBetween,
  exp,
  fromMatrix3x4,
  fromRotationMatrix,
  identity,
  interpolate,
  inverse,
  log,
  type Rigid,
  rotationMatrix,
  transformPoint,
  writeMatrix3x4,
} from './rigid.js';

const ROUNDS = 2000;

function assertClose(a: Rigid<string, string>, b: Rigid<string, string>, tolerance = 1e-9): void {
  assert.ok(angleBetween(a, b) < tolerance, `rotations ${a.q} and ${b.q} differ`);
  assert.ok(distanceBetween(a, b) < tolerance, `translations ${a.t} and ${b.t} differ`);
}

test('frames that do not meet do not compile', () => {
  const worldFromCam = identity<'world', 'cam'>();
  const gravityFromWorld = identity<'gravity', 'world'>();
  const gravityFromCam: Rigid<'gravity', 'cam'> = compose(gravityFromWorld, worldFromCam);
  // @ts-expect-error cam and gravity are different frames
  compose(worldFromCam, gravityFromWorld);
  // @ts-expect-error the inverse swaps the frames
  const wrong: Rigid<'world', 'cam'> = inverse(worldFromCam);
  // @ts-expect-error two poses of different frames have no angle between them
  angleBetween(worldFromCam, gravityFromWorld);
  assert.deepEqual(
    [gravityFromCam.t, wrong.t.map(Math.abs)],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  );
});

test('the inverse undoes, on both sides', () => {
  const random = createRandom(1);
  for (let i = 0; i < ROUNDS; i++) {
    const pose = randomPose(random);
    assertClose(compose(pose, inverse(pose)), identity<'cam', 'cam'>());
    assertClose(compose(inverse(pose), pose), identity<'world', 'world'>());
    assertClose(inverse(inverse(pose)), pose);
  }
});

test('composition is associative and acts on points one after the other', () => {
  const random = createRandom(2);
  for (let i = 0; i < ROUNDS; i++) {
    const a = randomPose<'a', 'b'>(random);
    const b = randomPose<'b', 'c'>(random);
    const c = randomPose<'c', 'd'>(random);
    assertClose(compose(compose(a, b), c), compose(a, compose(b, c)));
    const point = [random.normal(), random.normal(), random.normal()] as const;
    const once = transformPoint(compose(a, b), point);
    const twice = transformPoint(a, transformPoint(b, point));
    for (let k = 0; k < 3; k++) assert.ok(Math.abs(once[k] - twice[k]) < 1e-9);
  }
});

test('exp and log undo each other, up to half a turn and down to nothing', () => {
  const random = createRandom(3);
  for (let i = 0; i < ROUNDS; i++) {
    const pose = randomPose(random);
    assertClose(exp(log(pose)), pose, 1e-8);
    const scale = 10 ** (-12 * random.uniform());
    const delta = Array.from({ length: 6 }, () => scale * random.normal());
    if (Math.hypot(delta[0], delta[1], delta[2]) > 3) continue;
    const back = log(exp(delta));
    for (let k = 0; k < 6; k++) assert.ok(Math.abs(back[k] - delta[k]) < 1e-9 * scale + 1e-15);
  }
});

test('exp of half a turn', () => {
  for (const axis of [0, 1, 2]) {
    const delta = [0, 0, 0, 0.5, -1, 2];
    delta[axis] = Math.PI;
    const pose = exp(delta);
    assert.ok(Math.abs(angleBetween(pose, exp([0, 0, 0, 0, 0, 0])) - Math.PI) < 1e-12);
    assertClose(exp(log(pose)), pose, 1e-9);
  }
});

test('a small left update moves the pose by its own size', () => {
  const random = createRandom(4);
  for (let i = 0; i < 200; i++) {
    const pose = randomPose(random);
    const moved = compose(exp<'cam', 'cam'>([1e-3, 0, 0, 0, 0, 0]), pose);
    assert.ok(Math.abs(angleBetween(moved, pose) - 1e-3) < 1e-12);
  }
});

test('matrices carry the pose', () => {
  const random = createRandom(5);
  for (let i = 0; i < ROUNDS; i++) {
    const pose = randomPose(random);
    assertClose(fromRotationMatrix(rotationMatrix(pose), pose.t), pose);
    assertClose(fromMatrix3x4(writeMatrix3x4(pose, new Float64Array(20), 5), 5), pose);
    const r = rotationMatrix(pose);
    const det =
      r[0] * (r[4] * r[8] - r[5] * r[7]) -
      r[1] * (r[3] * r[8] - r[5] * r[6]) +
      r[2] * (r[3] * r[7] - r[4] * r[6]);
    assert.ok(Math.abs(det - 1) < 1e-12);
  }
});

test('interpolation starts, ends, and goes at constant speed', () => {
  const random = createRandom(6);
  for (let i = 0; i < 500; i++) {
    const a = randomPose(random);
    const b = randomPose(random);
    assertClose(interpolate(a, b, 0), a, 1e-8);
    assertClose(interpolate(a, b, 1), b, 1e-8);
    const whole = angleBetween(a, b);
    if (whole > 3.1) continue;
    assert.ok(Math.abs(angleBetween(a, interpolate(a, b, 0.25)) - 0.25 * whole) < 1e-8);
  }
});
