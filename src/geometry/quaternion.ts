/** Unit quaternion [x, y, z, w]. */
export type Quaternion = readonly [number, number, number, number];
export type Vec3 = readonly [number, number, number];

/** Hamilton product: rotates by b first, then a. */
export function multiply(a: Quaternion, b: Quaternion): Quaternion {
  const [ax, ay, az, aw] = a;
  const [bx, by, bz, bw] = b;
  return [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
}

export function conjugate(q: Quaternion): Quaternion {
  return [-q[0], -q[1], -q[2], q[3]];
}

/** Unit length, w >= 0, so that equal rotations print equally. */
export function normalize(q: Quaternion): Quaternion {
  const length = Math.hypot(q[0], q[1], q[2], q[3]);
  const s = (q[3] < 0 ? -1 : 1) / length;
  return [q[0] * s, q[1] * s, q[2] * s, q[3] * s];
}

export function rotate(q: Quaternion, v: Vec3): Vec3 {
  const [x, y, z, w] = q;
  const tx = 2 * (y * v[2] - z * v[1]);
  const ty = 2 * (z * v[0] - x * v[2]);
  const tz = 2 * (x * v[1] - y * v[0]);
  return [v[0] + w * tx + y * tz - z * ty, v[1] + w * ty + z * tx - x * tz, v[2] + w * tz + x * ty - y * tx];
}

/** Rotation angle, rad in [0, pi]; exact near 0, where acos would not be. */
export function angleOf(q: Quaternion): number {
  return 2 * Math.atan2(Math.hypot(q[0], q[1], q[2]), Math.abs(q[3]));
}

export function quaternionFromRotationVector(w: Vec3): Quaternion {
  const angle = Math.hypot(w[0], w[1], w[2]);
  const s = angle < 1e-6 ? 0.5 - (angle * angle) / 48 : Math.sin(angle / 2) / angle;
  return normalize([w[0] * s, w[1] * s, w[2] * s, Math.cos(angle / 2)]);
}

export function rotationVectorFromQuaternion(q: Quaternion): Vec3 {
  const [x, y, z, w] = q[3] < 0 ? [-q[0], -q[1], -q[2], -q[3]] : q;
  const n = Math.hypot(x, y, z);
  const s = n < 1e-8 ? 2 / w : (2 * Math.atan2(n, w)) / n;
  return [x * s, y * s, z * s];
}

/** @param out [9] row-major, written. */
export function quaternionToMatrix(q: Quaternion, out: Float64Array): Float64Array {
  const [x, y, z, w] = q;
  out[0] = 1 - 2 * (y * y + z * z);
  out[1] = 2 * (x * y - z * w);
  out[2] = 2 * (x * z + y * w);
  out[3] = 2 * (x * y + z * w);
  out[4] = 1 - 2 * (x * x + z * z);
  out[5] = 2 * (y * z - x * w);
  out[6] = 2 * (x * z - y * w);
  out[7] = 2 * (y * z + x * w);
  out[8] = 1 - 2 * (x * x + y * y);
  return out;
}

/** From a row-major 3x3 rotation. Source: Shepperd, "Quaternion from rotation matrix", 1978 (largest pivot). */
export function quaternionFromMatrix(m: ArrayLike<number>): Quaternion {
  const trace = m[0] + m[4] + m[8];
  if (trace > 0) return normalize([m[7] - m[5], m[2] - m[6], m[3] - m[1], 1 + trace]);
  if (m[0] >= m[4] && m[0] >= m[8])
    return normalize([1 + m[0] - m[4] - m[8], m[1] + m[3], m[2] + m[6], m[7] - m[5]]);
  if (m[4] >= m[8]) return normalize([m[1] + m[3], 1 - m[0] + m[4] - m[8], m[5] + m[7], m[2] - m[6]]);
  return normalize([m[2] + m[6], m[5] + m[7], 1 - m[0] - m[4] + m[8], m[3] - m[1]]);
}
