/** Kernels on row-major 3x4 [R | t] matrices, 12 numbers each. */

/** out = exp([w, v]) * pose, a left update with the translation added as it is (equal to SE(3)'s to first order).
 * `out` may be `pose`. */
export function updateLeft(pose: Float64Array, delta: ArrayLike<number>, out: Float64Array): void {
  const wx = delta[0];
  const wy = delta[1];
  const wz = delta[2];
  const angle2 = wx * wx + wy * wy + wz * wz;
  const angle = Math.sqrt(angle2);
  const a = angle < 1e-5 ? 1 - angle2 / 6 : Math.sin(angle) / angle;
  const b = angle < 1e-5 ? 0.5 - angle2 / 24 : (1 - Math.cos(angle)) / angle2;
  const e00 = 1 - b * (wy * wy + wz * wz);
  const e01 = b * wx * wy - a * wz;
  const e02 = b * wx * wz + a * wy;
  const e10 = b * wx * wy + a * wz;
  const e11 = 1 - b * (wx * wx + wz * wz);
  const e12 = b * wy * wz - a * wx;
  const e20 = b * wx * wz - a * wy;
  const e21 = b * wy * wz + a * wx;
  const e22 = 1 - b * (wx * wx + wy * wy);
  for (let col = 0; col < 4; col++) {
    const x = pose[col];
    const y = pose[4 + col];
    const z = pose[8 + col];
    out[col] = e00 * x + e01 * y + e02 * z;
    out[4 + col] = e10 * x + e11 * y + e12 * z;
    out[8 + col] = e20 * x + e21 * y + e22 * z;
  }
  out[3] += delta[3];
  out[7] += delta[4];
  out[11] += delta[5];
}

/** Row-major 6x6 adjoint of [R | t], order rotation then translation: exp(Ad d) T = T exp(d). */
export function adjoint(pose: Float64Array, out = new Float64Array(36)): Float64Array {
  out.fill(0);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      out[6 * i + j] = pose[4 * i + j];
      out[6 * (i + 3) + j + 3] = pose[4 * i + j];
    }
  const tx = pose[3];
  const ty = pose[7];
  const tz = pose[11];
  for (let j = 0; j < 3; j++) {
    out[18 + j] = ty * pose[8 + j] - tz * pose[4 + j];
    out[24 + j] = tz * pose[j] - tx * pose[8 + j];
    out[30 + j] = tx * pose[4 + j] - ty * pose[j];
  }
  return out;
}

/** Inverse of [R | t]. */
export function invertPose(pose: Float64Array, out = new Float64Array(12)): Float64Array {
  const tx = pose[3];
  const ty = pose[7];
  const tz = pose[11];
  const r = [pose[0], pose[4], pose[8], pose[1], pose[5], pose[9], pose[2], pose[6], pose[10]];
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) out[4 * i + j] = r[3 * i + j];
    out[4 * i + 3] = -(r[3 * i] * tx + r[3 * i + 1] * ty + r[3 * i + 2] * tz);
  }
  return out;
}
