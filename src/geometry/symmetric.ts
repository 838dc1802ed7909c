/** Lower Cholesky factor of a symmetric positive definite matrix, in place.
 * @param a [n x n] row-major; the lower triangle is read and written   @returns false where it is not positive definite */
export function factorCholesky(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    let d = a[j * n + j];
    for (let k = 0; k < j; k++) d -= a[j * n + k] * a[j * n + k];
    if (!(d > 0)) return false;
    const root = Math.sqrt(d);
    a[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let s = a[i * n + j];
      for (let k = 0; k < j; k++) s -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = s / root;
    }
  }
  return true;
}

/** Solves L L^T x = b in place; `factor` from `factorCholesky`. */
export function solveCholesky(factor: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let s = b[i];
    for (let k = 0; k < i; k++) s -= factor[i * n + k] * b[k];
    b[i] = s / factor[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let s = b[i];
    for (let k = i + 1; k < n; k++) s -= factor[k * n + i] * b[k];
    b[i] = s / factor[i * n + i];
  }
}

/** Inverse of a symmetric positive definite matrix. Allocates; for cold paths.
 * @returns [n x n] row-major, or null where the matrix is not positive definite */
export function invertSymmetric(a: Float64Array, n: number): Float64Array | null {
  const factor = a.slice();
  if (!factorCholesky(factor, n)) return null;
  const out = new Float64Array(n * n);
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    column.fill(0);
    column[j] = 1;
    solveCholesky(factor, n, column);
    for (let i = 0; i < n; i++) out[i * n + j] = column[i];
  }
  return out;
}

/** Eigenvalues (falling) and eigenvectors of a symmetric matrix by cyclic Jacobi rotations.
 * @param a [n x n] row-major, destroyed    @param values [n], written
 * @param vectors [n x n], written: row i is the unit eigenvector of values[i]; null to leave out */
export function eigenSymmetric(
  a: Float64Array,
  n: number,
  values: Float64Array,
  vectors: Float64Array | null = null,
): void {
  if (vectors !== null) for (let i = 0; i < n * n; i++) vectors[i] = i % (n + 1) === 0 ? 1 : 0;
  for (let sweep = 0; sweep < 50 && offDiagonal(a, n) > 0; sweep++)
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) jacobiRotate(a, n, p, q, vectors);
  for (let i = 0; i < n; i++) values[i] = a[i * n + i];
  sortFalling(values, vectors, n);
}

function offDiagonal(a: Float64Array, n: number): number {
  let off = 0;
  let on = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const square = a[i * n + j] * a[i * n + j];
      if (i === j) on += square;
      else off += square;
    }
  return off > 1e-26 * on ? off : 0;
}

function jacobiRotate(a: Float64Array, n: number, p: number, q: number, vectors: Float64Array | null): void {
  const apq = a[p * n + q];
  if (apq === 0) return;
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const akp = a[k * n + p];
    const akq = a[k * n + q];
    a[k * n + p] = c * akp - s * akq;
    a[k * n + q] = s * akp + c * akq;
  }
  rotateRows(a, n, p, q, c, s);
  if (vectors !== null) rotateRows(vectors, n, p, q, c, s);
}

function rotateRows(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const apk = a[p * n + k];
    const aqk = a[q * n + k];
    a[p * n + k] = c * apk - s * aqk;
    a[q * n + k] = s * apk + c * aqk;
  }
}

function sortFalling(values: Float64Array, vectors: Float64Array | null, n: number): void {
  for (let i = 0; i < n - 1; i++) {
    let best = i;
    for (let j = i + 1; j < n; j++) if (values[j] > values[best]) best = j;
    if (best === i) continue;
    [values[i], values[best]] = [values[best], values[i]];
    if (vectors === null) continue;
    for (let k = 0; k < n; k++)
      [vectors[i * n + k], vectors[best * n + k]] = [vectors[best * n + k], vectors[i * n + k]];
  }
}
