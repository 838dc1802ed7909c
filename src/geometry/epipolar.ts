/** Essential matrix of two known poses: bearing_b^T E bearing_a = 0 for one point seen by both.
 * @param camAFromWorld row-major 3x4 at [atA, atA + 12)    @param camBFromWorld likewise
 * @param out [9] row-major, written; E = [t]x R of bFromA, translation unit length (0 where the centres coincide) */
export function essentialFromPoses(
  camAFromWorld: Float64Array,
  atA: number,
  camBFromWorld: Float64Array,
  atB: number,
  out: Float64Array,
): void {
  const r = relativeRotation;
  const a = camAFromWorld;
  const b = camBFromWorld;
  let length = 0;
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      r[3 * i + j] = 0;
      for (let k = 0; k < 3; k++) r[3 * i + j] += b[atB + 4 * i + k] * a[atA + 4 * j + k];
    }
    relativeTranslation[i] = b[atB + 4 * i + 3];
  }
  for (let i = 0; i < 3; i++) {
    for (let k = 0; k < 3; k++) relativeTranslation[i] -= r[3 * i + k] * a[atA + 4 * k + 3];
    length += relativeTranslation[i] * relativeTranslation[i];
  }
  const scale = length > 0 ? 1 / Math.sqrt(length) : 0;
  const tx = relativeTranslation[0] * scale;
  const ty = relativeTranslation[1] * scale;
  const tz = relativeTranslation[2] * scale;
  for (let j = 0; j < 3; j++) {
    out[j] = ty * r[6 + j] - tz * r[3 + j];
    out[3 + j] = tz * r[j] - tx * r[6 + j];
    out[6 + j] = tx * r[3 + j] - ty * r[j];
  }
}

const relativeRotation = new Float64Array(9);
const relativeTranslation = new Float64Array(3);

/** Squared sines of the angles between each bearing and the other one's epipolar plane, harmonically joined as in
 * Sampson's distance: times the focal length squared, a squared pixel error near the axis.
 * @param a [.. 3] unit bearings of the first camera, row at `atA`    @param b those of the second, row at `atB`
 * Source: Hartley and Zisserman, eq. 11.9, written for unit bearings on the tangent planes. */
export function sampsonSquared(
  e: Float64Array,
  a: ArrayLike<number>,
  atA: number,
  b: ArrayLike<number>,
  atB: number,
): number {
  const ax = a[atA];
  const ay = a[atA + 1];
  const az = a[atA + 2];
  const bx = b[atB];
  const by = b[atB + 1];
  const bz = b[atB + 2];
  const lx = e[0] * ax + e[1] * ay + e[2] * az;
  const ly = e[3] * ax + e[4] * ay + e[5] * az;
  const lz = e[6] * ax + e[7] * ay + e[8] * az;
  const kx = e[0] * bx + e[3] * by + e[6] * bz;
  const ky = e[1] * bx + e[4] * by + e[7] * bz;
  const kz = e[2] * bx + e[5] * by + e[8] * bz;
  const c = bx * lx + by * ly + bz * lz;
  // gradients restricted to the tangent planes: |E a|^2 - (b.E a)^2 and |E^T b|^2 - (a.E^T b)^2
  const gradient = lx * lx + ly * ly + lz * lz + kx * kx + ky * ky + kz * kz - 2 * c * c;
  return gradient > 1e-24 ? (c * c) / gradient : 0;
}
