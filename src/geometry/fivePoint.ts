import { nullSpace } from './nullSpace.js';
import { createRootWorkspace, type RootWorkspace, realRoots } from './realRoots.js';

/** Most solutions a sample can have. */
export const MAX_ESSENTIALS = 10;

export interface FivePointWorkspace {
  /** [9 x 5] epipolar rows as columns, overwritten by their Householder vectors. */
  readonly columns: Float64Array;
  /** [4 x 9] orthonormal basis X, Y, Z, W of the matrices that meet the five constraints. */
  readonly basis: Float64Array;
  /** [10 x 20] the cubic constraints in Nister's order of monomials. */
  readonly cubics: Float64Array;
  /** Products of two linear polynomials: E E^T (6 x 10) and one scratch. */
  readonly quadratics: Float64Array;
  readonly trace: Float64Array;
  /** [3 x 13] B(z): rows of x (4), y (4), 1 (5) coefficients, lowest power first. */
  readonly bands: Float64Array;
  readonly product: Float64Array;
  readonly polynomial: Float64Array;
  readonly roots: Float64Array;
  readonly rootRoom: RootWorkspace;
}

export function createFivePointWorkspace(): FivePointWorkspace {
  return {
    columns: new Float64Array(45),
    basis: new Float64Array(36),
    cubics: new Float64Array(200),
    quadratics: new Float64Array(70),
    trace: new Float64Array(10),
    bands: new Float64Array(39),
    product: new Float64Array(8),
    polynomial: new Float64Array(11),
    roots: new Float64Array(MAX_ESSENTIALS),
    rootRoom: createRootWorkspace(10),
  };
}

/** Essential matrices of five pairs of bearings: b^T E a = 0.
 * @param a [5 x 3] unit, first camera    @param b [5 x 3] unit, second camera
 * @param out [10 x 9], written: row-major, Frobenius norm sqrt(2)    @returns 0-10 solutions
 * Source: Nister, "An efficient solution to the five-point relative pose problem", 2004; ours: Householder null space,
 * real roots by bracketing between those of the derivatives. */
export function fivePoint(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  ws: FivePointWorkspace,
): number {
  for (let k = 0; k < 5; k++)
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) ws.columns[5 * (3 * i + j) + k] = b[3 * k + i] * a[3 * k + j];
  nullSpace(ws.columns, ws.basis);
  buildCubics(ws);
  if (!eliminate(ws.cubics)) return 0;
  buildBands(ws);
  determinant(ws);
  const roots = realRoots(ws.polynomial, 10, ws.roots, ws.rootRoom);
  let count = 0;
  for (let i = 0; i < roots; i++) if (writeEssential(ws, i, out, 9 * count)) count++;
  return count;
}

// Linear polynomials: x y z 1. Quadratic: xx xy xz x yy yz y zz z 1.
// Cubic columns (Nister): xxx yyy xxy xyy xxz xx yyz yy xyz xy | xzz xz x yzz yz y zzz zz z 1.
const QUADRATIC = [0, 1, 2, 3, 1, 4, 5, 6, 2, 5, 7, 8, 3, 6, 8, 9];
const CUBIC = [
  [0, 2, 4, 5],
  [2, 3, 8, 9],
  [4, 8, 10, 11],
  [5, 9, 11, 12],
  [3, 1, 6, 7],
  [8, 6, 13, 14],
  [9, 7, 14, 15],
  [10, 13, 16, 17],
  [11, 14, 17, 18],
  [12, 15, 18, 19],
].flat();

/** out[o..] += sign * (entry i of E) * (entry j of E). */
function addProduct(
  basis: Float64Array,
  i: number,
  j: number,
  sign: number,
  out: Float64Array,
  o: number,
): void {
  for (let p = 0; p < 4; p++) {
    const left = sign * basis[9 * p + i];
    for (let q = 0; q < 4; q++) out[o + QUADRATIC[4 * p + q]] += left * basis[9 * q + j];
  }
}

/** cubics[row] += sign * quadratic * (entry i of E). */
function addCubic(
  quadratic: Float64Array,
  at: number,
  basis: Float64Array,
  i: number,
  sign: number,
  cubics: Float64Array,
  row: number,
): void {
  for (let p = 0; p < 10; p++) {
    const left = sign * quadratic[at + p];
    for (let q = 0; q < 4; q++) cubics[20 * row + CUBIC[4 * p + q]] += left * basis[9 * q + i];
  }
}

/** det E = 0 and E E^T E - trace(E E^T) E / 2 = 0. */
function buildCubics(ws: FivePointWorkspace): void {
  const { basis, cubics, quadratics: quad, trace } = ws;
  cubics.fill(0);
  for (let k = 0; k < 3; k++) {
    // minor of the first row's entry k
    const i = (k + 1) % 3;
    const j = (k + 2) % 3;
    quad.fill(0, 60, 70);
    addProduct(basis, 3 + i, 6 + j, 1, quad, 60);
    addProduct(basis, 3 + j, 6 + i, -1, quad, 60);
    addCubic(quad, 60, basis, k, 1, cubics, 0);
  }
  quad.fill(0);
  trace.fill(0);
  for (let i = 0, pair = 0; i < 3; i++)
    for (let j = i; j < 3; j++, pair++)
      for (let k = 0; k < 3; k++) addProduct(basis, 3 * i + k, 3 * j + k, 1, quad, 10 * pair);
  for (let p = 0; p < 10; p++) trace[p] = -0.5 * (quad[p] + quad[30 + p] + quad[50 + p]);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const row = 1 + 3 * i + j;
      for (let k = 0; k < 3; k++) addCubic(quad, 10 * pairOf(i, k), basis, 3 * k + j, 1, cubics, row);
      addCubic(trace, 0, basis, 3 * i + j, 1, cubics, row);
    }
}

/** Index of entry (i, k) in the upper triangle 00 01 02 11 12 22. */
function pairOf(i: number, k: number): number {
  const low = Math.min(i, k);
  return low === 0 ? Math.max(i, k) : low + Math.max(i, k) + 1;
}

/** Gauss-Jordan with row pivoting on the first ten columns. */
function eliminate(m: Float64Array): boolean {
  for (let c = 0; c < 10; c++) {
    let pivot = c;
    for (let r = c + 1; r < 10; r++) if (Math.abs(m[20 * r + c]) > Math.abs(m[20 * pivot + c])) pivot = r;
    const value = m[20 * pivot + c];
    if (!(Math.abs(value) > 1e-14)) return false;
    for (let k = c; k < 20; k++) {
      const kept = m[20 * pivot + k];
      m[20 * pivot + k] = m[20 * c + k];
      m[20 * c + k] = kept / value;
    }
    for (let r = 0; r < 10; r++) {
      if (r === c) continue;
      const factor = m[20 * r + c];
      if (factor === 0) continue;
      for (let k = c; k < 20; k++) m[20 * r + k] -= factor * m[20 * c + k];
    }
  }
  return true;
}

/** Rows (xxz) - z (xx), (yyz) - z (yy), (xyz) - z (xy), as polynomials in z times x, y and 1. */
function buildBands(ws: FivePointWorkspace): void {
  const { cubics: m, bands } = ws;
  for (let r = 0; r < 3; r++) {
    const e = 20 * (4 + 2 * r) + 10;
    const f = e + 20;
    const o = 13 * r;
    for (let g = 0; g < 2; g++) {
      const c = 3 * g;
      bands[o + 4 * g] = m[e + c + 2];
      bands[o + 4 * g + 1] = m[e + c + 1] - m[f + c + 2];
      bands[o + 4 * g + 2] = m[e + c] - m[f + c + 1];
      bands[o + 4 * g + 3] = -m[f + c];
    }
    bands[o + 8] = m[e + 9];
    bands[o + 9] = m[e + 8] - m[f + 9];
    bands[o + 10] = m[e + 7] - m[f + 8];
    bands[o + 11] = m[e + 6] - m[f + 7];
    bands[o + 12] = -m[f + 6];
  }
}

/** det B(z), degree 10, by the last column's minors. */
function determinant(ws: FivePointWorkspace): void {
  const { bands, product, polynomial } = ws;
  polynomial.fill(0);
  for (let r = 0; r < 3; r++) {
    const i = 13 * ((r + 1) % 3);
    const j = 13 * ((r + 2) % 3);
    product.fill(0);
    for (let p = 0; p < 4; p++)
      for (let q = 0; q < 4; q++)
        product[p + q] += bands[i + p] * bands[j + 4 + q] - bands[j + p] * bands[i + 4 + q];
    for (let p = 0; p < 7; p++)
      for (let q = 0; q < 5; q++) polynomial[p + q] += product[p] * bands[13 * r + 8 + q];
  }
}

function bandAt(bands: Float64Array, at: number, degree: number, z: number): number {
  let sum = bands[at + degree];
  for (let k = degree - 1; k >= 0; k--) sum = sum * z + bands[at + k];
  return sum;
}

const rows = new Float64Array(9);

/** x and y from the null vector of B(z), then E. */
function writeEssential(ws: FivePointWorkspace, root: number, out: Float64Array, o: number): boolean {
  const z = ws.roots[root];
  for (let r = 0; r < 3; r++) {
    rows[3 * r] = bandAt(ws.bands, 13 * r, 3, z);
    rows[3 * r + 1] = bandAt(ws.bands, 13 * r + 4, 3, z);
    rows[3 * r + 2] = bandAt(ws.bands, 13 * r + 8, 4, z);
  }
  let x = 0;
  let y = 0;
  let w = 0;
  for (let r = 0; r < 3; r++) {
    const i = 3 * r;
    const j = 3 * ((r + 1) % 3);
    const cz = rows[i] * rows[j + 1] - rows[i + 1] * rows[j];
    if (Math.abs(cz) <= Math.abs(w)) continue;
    w = cz;
    x = rows[i + 1] * rows[j + 2] - rows[i + 2] * rows[j + 1];
    y = rows[i + 2] * rows[j] - rows[i] * rows[j + 2];
  }
  if (w === 0) return false;
  x /= w;
  y /= w;
  const { basis } = ws;
  let square = 0;
  for (let k = 0; k < 9; k++) {
    out[o + k] = x * basis[k] + y * basis[9 + k] + z * basis[18 + k] + basis[27 + k];
    square += out[o + k] * out[o + k];
  }
  const scale = Math.sqrt(2 / square);
  for (let k = 0; k < 9; k++) out[o + k] *= scale;
  return Number.isFinite(scale);
}
