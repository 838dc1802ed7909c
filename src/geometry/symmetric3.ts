/** Solves (A + damping diag A) x = b in place of b; false where it is singular. */
export function solveSymmetric3(a: Float64Array, b: Float64Array, damping: number): boolean {
  const a00 = a[0] * (1 + damping);
  const a11 = a[4] * (1 + damping);
  const a22 = a[8] * (1 + damping);
  const a01 = a[1];
  const a02 = a[2];
  const a12 = a[5];
  const c00 = a11 * a22 - a12 * a12;
  const c01 = a02 * a12 - a01 * a22;
  const c02 = a01 * a12 - a02 * a11;
  const det = a00 * c00 + a01 * c01 + a02 * c02;
  if (!(Math.abs(det) > 1e-14 * Math.abs(a00 * a11 * a22))) return false;
  const c11 = a00 * a22 - a02 * a02;
  const c12 = a01 * a02 - a00 * a12;
  const c22 = a00 * a11 - a01 * a01;
  const x = (c00 * b[0] + c01 * b[1] + c02 * b[2]) / det;
  const y = (c01 * b[0] + c11 * b[1] + c12 * b[2]) / det;
  const z = (c02 * b[0] + c12 * b[1] + c22 * b[2]) / det;
  b[0] = x;
  b[1] = y;
  b[2] = z;
  return true;
}
