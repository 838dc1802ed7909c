/** Kernels on poses of 7 numbers [tx ty tz qx qy qz qw], the map's own layout, for chains of them. Perturbations are on the
 * right, pose * exp([rotation rad, translation m]), so that nothing hangs on where the world's origin lies. None allocates. */
export const POSE_NUMBERS = 7;

/** out = a * b. `out` may be neither. */
export function composeAt(
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  out: Float64Array,
  at: number,
): void {
  const x = a[atA + 3];
  const y = a[atA + 4];
  const z = a[atA + 5];
  const w = a[atA + 6];
  rotateInto(x, y, z, w, b, atB, out, at);
  for (let i = 0; i < 3; i++) out[at + i] += a[atA + i];
  multiplyInto(x, y, z, w, b, atB + 3, out, at + 3);
}

/** out = a^-1 * b. `out` may be neither. */
export function relativeAt(
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  out: Float64Array,
  at: number,
): void {
  const x = -a[atA + 3];
  const y = -a[atA + 4];
  const z = -a[atA + 5];
  const w = a[atA + 6];
  for (let i = 0; i < 3; i++) vector[i] = b[atB + i] - a[atA + i];
  rotateInto(x, y, z, w, vector, 0, out, at);
  multiplyInto(x, y, z, w, b, atB + 3, out, at + 3);
}

const vector = new Float64Array(3);

function rotateInto(
  x: number,
  y: number,
  z: number,
  w: number,
  v: Float64Array,
  atV: number,
  out: Float64Array,
  at: number,
): void {
  const vx = v[atV];
  const vy = v[atV + 1];
  const vz = v[atV + 2];
  const cx = 2 * (y * vz - z * vy);
  const cy = 2 * (z * vx - x * vz);
  const cz = 2 * (x * vy - y * vx);
  out[at] = vx + w * cx + y * cz - z * cy;
  out[at + 1] = vy + w * cy + z * cx - x * cz;
  out[at + 2] = vz + w * cz + x * cy - y * cx;
}

/** Unit again, so that long chains stay rotations. */
function multiplyInto(
  x: number,
  y: number,
  z: number,
  w: number,
  q: Float64Array,
  atQ: number,
  out: Float64Array,
  at: number,
): void {
  const qx = q[atQ];
  const qy = q[atQ + 1];
  const qz = q[atQ + 2];
  const qw = q[atQ + 3];
  const ox = w * qx + x * qw + y * qz - z * qy;
  const oy = w * qy - x * qz + y * qw + z * qx;
  const oz = w * qz + x * qy - y * qx + z * qw;
  const ow = w * qw - x * qx - y * qy - z * qz;
  const scale = 1 / Math.sqrt(ox * ox + oy * oy + oz * oz + ow * ow);
  out[at] = ox * scale;
  out[at + 1] = oy * scale;
  out[at + 2] = oz * scale;
  out[at + 3] = ow * scale;
}

/** SE(3) logarithm of the pose at `at`, as `log` of rigid.ts. @param out [6], written */
export function logAt(pose: Float64Array, at: number, out: Float64Array): void {
  const sign = pose[at + 6] < 0 ? -1 : 1;
  const x = sign * pose[at + 3];
  const y = sign * pose[at + 4];
  const z = sign * pose[at + 5];
  const w = sign * pose[at + 6];
  const n = Math.sqrt(x * x + y * y + z * z);
  const angle = 2 * Math.atan2(n, w);
  const s = n < 1e-8 ? 2 / w : angle / n;
  const wx = x * s;
  const wy = y * s;
  const wz = z * s;
  const c = secondOrder(angle);
  const tx = pose[at];
  const ty = pose[at + 1];
  const tz = pose[at + 2];
  const ax = wy * tz - wz * ty;
  const ay = wz * tx - wx * tz;
  const az = wx * ty - wy * tx;
  out[0] = wx;
  out[1] = wy;
  out[2] = wz;
  out[3] = tx - 0.5 * ax + c * (wy * az - wz * ay);
  out[4] = ty - 0.5 * ay + c * (wz * ax - wx * az);
  out[5] = tz - 0.5 * az + c * (wx * ay - wy * ax);
}

/** c in J^-1 = I +- Phi / 2 + c Phi^2. */
function secondOrder(angle: number): number {
  if (angle < 1e-3) return 1 / 12 + (angle * angle) / 720;
  const half = angle / 2;
  return (1 - (half * Math.cos(half)) / Math.sin(half)) / (angle * angle);
}

/** Its derivative by the angle, over the angle. */
function secondOrderSlope(angle: number): number {
  const angle2 = angle * angle;
  if (angle < 0.05) return 1 / 360 + angle2 / 7560;
  const sine = Math.sin(angle / 2);
  const cotangent = Math.cos(angle / 2) / sine;
  return (-2 / angle + cotangent / 2 + angle / (4 * sine * sine)) / (angle2 * angle);
}

/** pose <- pose * exp(delta[atDelta .. + 6)). */
export function updateRightAt(pose: Float64Array, at: number, delta: Float64Array, atDelta: number): void {
  const wx = delta[atDelta];
  const wy = delta[atDelta + 1];
  const wz = delta[atDelta + 2];
  const vx = delta[atDelta + 3];
  const vy = delta[atDelta + 4];
  const vz = delta[atDelta + 5];
  const angle2 = wx * wx + wy * wy + wz * wz;
  const angle = Math.sqrt(angle2);
  const isSmall = angle < 1e-4;
  const b = isSmall ? 0.5 - angle2 / 24 : (1 - Math.cos(angle)) / angle2;
  const c = isSmall ? 1 / 6 - angle2 / 120 : (angle - Math.sin(angle)) / (angle2 * angle);
  const ax = wy * vz - wz * vy;
  const ay = wz * vx - wx * vz;
  const az = wx * vy - wy * vx;
  step[0] = vx + b * ax + c * (wy * az - wz * ay);
  step[1] = vy + b * ay + c * (wz * ax - wx * az);
  step[2] = vz + b * az + c * (wx * ay - wy * ax);
  const s = isSmall ? 0.5 - angle2 / 48 : Math.sin(angle / 2) / angle;
  step[3] = wx * s;
  step[4] = wy * s;
  step[5] = wz * s;
  step[6] = Math.cos(angle / 2);
  composeAt(pose, at, step, 0, moved, 0);
  for (let i = 0; i < POSE_NUMBERS; i++) pose[at + i] = moved[i];
}

const step = new Float64Array(POSE_NUMBERS);
const moved = new Float64Array(POSE_NUMBERS);

/** Inverse right Jacobian of SE(3): Log(exp(xi) exp(d)) = xi + J d to first order.
 * @param out [36] row-major, written
 * Source: SO(3)'s closed form (Barfoot, State Estimation for Robotics, eq. 7.77) with the dual number rotation +
 * epsilon translation in place of the rotation, whose epsilon part is the lower left block. */
export function rightJacobianInverse(xi: Float64Array, out: Float64Array): void {
  const x = xi[0];
  const y = xi[1];
  const z = xi[2];
  const u = xi[3];
  const v = xi[4];
  const w = xi[5];
  const angle2 = x * x + y * y + z * z;
  const angle = Math.sqrt(angle2);
  const c = secondOrder(angle);
  const along = x * u + y * v + z * w;
  const slope = secondOrderSlope(angle) * along;
  // Phi^2 = w w^T - angle^2 I; Phi P + P Phi = its epsilon part
  const d = 1 - c * angle2;
  out.fill(0);
  out[0] = d + c * x * x;
  out[1] = c * x * y - 0.5 * z;
  out[2] = c * x * z + 0.5 * y;
  out[6] = c * x * y + 0.5 * z;
  out[7] = d + c * y * y;
  out[8] = c * y * z - 0.5 * x;
  out[12] = c * x * z - 0.5 * y;
  out[13] = c * y * z + 0.5 * x;
  out[14] = d + c * z * z;
  const e = -2 * c * along - slope * angle2;
  out[18] = e + 2 * c * x * u + slope * x * x;
  out[19] = c * (x * v + y * u) + slope * x * y - 0.5 * w;
  out[20] = c * (x * w + z * u) + slope * x * z + 0.5 * v;
  out[24] = c * (x * v + y * u) + slope * x * y + 0.5 * w;
  out[25] = e + 2 * c * y * v + slope * y * y;
  out[26] = c * (y * w + z * v) + slope * y * z - 0.5 * u;
  out[30] = c * (x * w + z * u) + slope * x * z - 0.5 * v;
  out[31] = c * (y * w + z * v) + slope * y * z + 0.5 * u;
  out[32] = e + 2 * c * z * w + slope * z * z;
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) out[6 * i + 21 + j] = out[6 * i + j];
}

/** Row-major 6x6 adjoint of the pose's inverse: exp(d) pose = pose exp(Ad(pose^-1) d). @param out [36], written */
export function adjointOfInverseAt(pose: Float64Array, at: number, out: Float64Array): void {
  const [tx, ty, tz] = [pose[at], pose[at + 1], pose[at + 2]];
  const [x, y, z, w] = [pose[at + 3], pose[at + 4], pose[at + 5], pose[at + 6]];
  out.fill(0);
  // R^T
  out[0] = 1 - 2 * (y * y + z * z);
  out[1] = 2 * (x * y + z * w);
  out[2] = 2 * (x * z - y * w);
  out[6] = 2 * (x * y - z * w);
  out[7] = 1 - 2 * (x * x + z * z);
  out[8] = 2 * (y * z + x * w);
  out[12] = 2 * (x * z + y * w);
  out[13] = 2 * (y * z - x * w);
  out[14] = 1 - 2 * (x * x + y * y);
  // -R^T [t]x
  for (let row = 0; row < 18; row += 6) {
    const [a, b, c] = [out[row], out[row + 1], out[row + 2]];
    out[row + 18] = c * ty - b * tz;
    out[row + 19] = a * tz - c * tx;
    out[row + 20] = b * tx - a * ty;
    out[row + 21] = a;
    out[row + 22] = b;
    out[row + 23] = c;
  }
}
