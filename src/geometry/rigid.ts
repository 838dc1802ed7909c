import type { Rigid } from '../domain/rigid.js';
import {
  angleOf,
  conjugate,
  multiply,
  normalize,
  type Quaternion,
  quaternionFromMatrix,
  quaternionFromRotationVector,
  quaternionToMatrix,
  rotate,
  rotationVectorFromQuaternion,
  type Vec3,
} from './quaternion.js';

export type { Rigid } from '../domain/rigid.js';
export type { Quaternion, Vec3 } from './quaternion.js';

/** The transform that leaves points where they are, between two names of one frame. */
export function identity<To extends string, From extends string>(): Rigid<To, From> {
  return { q: [0, 0, 0, 1], t: [0, 0, 0] };
}

/** A transform from its parts; the quaternion is normalised here. */
export function rigid<To extends string, From extends string>(q: Quaternion, t: Vec3): Rigid<To, From> {
  return { q: normalize(q), t };
}

/** aFromC = compose(aFromB, bFromC); frames that do not meet in the middle are a compile error. */
export function compose<A extends string, B extends string, C extends string>(
  aFromB: Rigid<A, B>,
  bFromC: Rigid<NoInfer<B>, C>,
): Rigid<A, C> {
  const [x, y, z] = rotate(aFromB.q, bFromC.t);
  const [tx, ty, tz] = aFromB.t;
  return {
    q: normalize(multiply(aFromB.q, bFromC.q)),
    t: [x + tx, y + ty, z + tz],
  };
}

export function inverse<To extends string, From extends string>(
  toFromFrom: Rigid<To, From>,
): Rigid<From, To> {
  const q = conjugate(toFromFrom.q);
  const [x, y, z] = rotate(q, toFromFrom.t);
  return { q, t: [-x, -y, -z] };
}

/** The point's coordinates in the target frame. */
export function transformPoint<To extends string, From extends string>(
  toFromFrom: Rigid<To, From>,
  point: Vec3,
): Vec3 {
  const [x, y, z] = rotate(toFromFrom.q, point);
  const [tx, ty, tz] = toFromFrom.t;
  return [x + tx, y + ty, z + tz];
}

/** From a row-major 3x3 rotation (9 numbers) and a translation. */
export function fromRotationMatrix<To extends string, From extends string>(
  rotation: ArrayLike<number>,
  translation: ArrayLike<number>,
): Rigid<To, From> {
  return {
    q: quaternionFromMatrix(rotation),
    t: [translation[0], translation[1], translation[2]],
  };
}

/** Row-major 3x3 rotation. */
export function rotationMatrix(pose: Rigid<string, string>, out = new Float64Array(9)): Float64Array {
  return quaternionToMatrix(pose.q, out);
}

/** Row-major 3x4 [R | t] written at `out[offset..offset+12)`, the layout every solver here takes. */
export function writeMatrix3x4(pose: Rigid<string, string>, out: Float64Array, offset = 0): Float64Array {
  const r = quaternionToMatrix(pose.q, new Float64Array(9));
  for (let row = 0; row < 3; row++) {
    for (let col = 0; col < 3; col++) out[offset + 4 * row + col] = r[3 * row + col];
    out[offset + 4 * row + 3] = pose.t[row];
  }
  return out;
}

/** From a row-major 3x4 [R | t] at `matrix[offset..offset+12)`. */
export function fromMatrix3x4<To extends string, From extends string>(
  matrix: ArrayLike<number>,
  offset = 0,
): Rigid<To, From> {
  const at = (i: number): number => matrix[offset + i];
  return fromRotationMatrix(
    [at(0), at(1), at(2), at(4), at(5), at(6), at(8), at(9), at(10)],
    [at(3), at(7), at(11)],
  );
}

/** SE(3) exponential of [rotation vector rad, translation part m]. A left update is compose(exp(delta), pose).
 * Source: Barfoot, State Estimation for Robotics, eq. 7.86 (with the rotation written first). */
export function exp<To extends string, From extends string>(delta: ArrayLike<number>): Rigid<To, From> {
  const w: Vec3 = [delta[0], delta[1], delta[2]];
  const v: Vec3 = [delta[3], delta[4], delta[5]];
  const angle2 = w[0] * w[0] + w[1] * w[1] + w[2] * w[2];
  const angle = Math.sqrt(angle2);
  const small = angle < 1e-4;
  const b = small ? 0.5 - angle2 / 24 : (1 - Math.cos(angle)) / angle2;
  const c = small ? 1 / 6 - angle2 / 120 : (angle - Math.sin(angle)) / (angle2 * angle);
  const wv = cross(w, v);
  const wwv = cross(w, wv);
  return {
    q: quaternionFromRotationVector(w),
    t: [v[0] + b * wv[0] + c * wwv[0], v[1] + b * wv[1] + c * wwv[1], v[2] + b * wv[2] + c * wwv[2]],
  };
}

/** Inverse of `exp`: [rotation vector rad in (-pi, pi], translation part m]. */
export function log(pose: Rigid<string, string>): [number, number, number, number, number, number] {
  const w = rotationVectorFromQuaternion(pose.q);
  const t = pose.t;
  const angle2 = w[0] * w[0] + w[1] * w[1] + w[2] * w[2];
  const angle = Math.sqrt(angle2);
  const half = angle / 2;
  const c = angle < 1e-4 ? 1 / 12 + angle2 / 720 : (1 - (half * Math.cos(half)) / Math.sin(half)) / angle2;
  const wt = cross(w, t);
  const wwt = cross(w, wt);
  return [
    w[0],
    w[1],
    w[2],
    t[0] - 0.5 * wt[0] + c * wwt[0],
    t[1] - 0.5 * wt[1] + c * wwt[1],
    t[2] - 0.5 * wt[2] + c * wwt[2],
  ];
}

/** Along the SE(3) geodesic from `start` (s = 0) to `end` (s = 1); s outside [0, 1] extrapolates. */
export function interpolate<To extends string, From extends string>(
  start: Rigid<To, From>,
  end: Rigid<NoInfer<To>, NoInfer<From>>,
  s: number,
): Rigid<To, From> {
  const delta = log(compose(end, inverse(start)));
  return compose(exp<To, To>(delta.map((v) => v * s)), start);
}

/** Rotation between two poses of one frame, rad in [0, pi]. */
export function angleBetween<To extends string, From extends string>(
  a: Rigid<To, From>,
  b: Rigid<NoInfer<To>, NoInfer<From>>,
): number {
  return angleOf(multiply(conjugate(a.q), b.q));
}

/** Distance between the two origins: for `worldFromCam` that of the camera centres, m. */
export function distanceBetween<To extends string, From extends string>(
  a: Rigid<To, From>,
  b: Rigid<NoInfer<To>, NoInfer<From>>,
): number {
  const [p, q] = [a.t, b.t];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
