/** Orthonormal basis of the vectors across five columns: the last four columns of Q in their QR factorisation.
 * @param m [9 x 5] row-major, destroyed    @param basis [4 x 9], written */
export function nullSpace(m: Float64Array, basis: Float64Array): void {
  for (let k = 0; k < 5; k++) reflectColumn(m, k);
  basis.fill(0);
  for (let v = 0; v < 4; v++) {
    basis[9 * v + 5 + v] = 1;
    for (let k = 4; k >= 0; k--) {
      let dot = 0;
      for (let i = k; i < 9; i++) dot += m[5 * i + k] * basis[9 * v + i];
      for (let i = k; i < 9; i++) basis[9 * v + i] -= 2 * dot * m[5 * i + k];
    }
  }
}

/** Leaves the unit Householder vector of column k in its place and reflects the columns after it. */
function reflectColumn(m: Float64Array, k: number): void {
  let square = 0;
  for (let i = k; i < 9; i++) square += m[5 * i + k] * m[5 * i + k];
  const pivot = m[5 * k + k];
  m[5 * k + k] += (pivot < 0 ? -1 : 1) * Math.sqrt(square);
  const length2 = square - pivot * pivot + m[5 * k + k] * m[5 * k + k];
  const scale = length2 > 0 ? 1 / Math.sqrt(length2) : 0;
  for (let i = k; i < 9; i++) m[5 * i + k] *= scale;
  for (let j = k + 1; j < 5; j++) {
    let dot = 0;
    for (let i = k; i < 9; i++) dot += m[5 * i + k] * m[5 * i + j];
    for (let i = k; i < 9; i++) m[5 * i + j] -= 2 * dot * m[5 * i + k];
  }
}
