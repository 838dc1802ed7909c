import { steepestCubicRoot } from './polynomial.js';

/** Numbers per pose in every solver's output: row-major 3x4 [R | t], camFromWorld. */
export const POSE_SIZE = 12;
const MAX_LINES = 2;

export interface P3pWorkspace {
  /** Two lines l0 x + l1 y + l2 = 0. */
  readonly lines: Float64Array;
  /** x^2, xy, y^2, x, y, 1 of the conic the lines are cut with. */
  readonly conic: Float64Array;
  /** Up to four (d1, d2, d3). */
  readonly depths: Float64Array;
  /** Row-major inverse of [X1-X2, X1-X3, their cross product]. */
  readonly frame: Float64Array;
}

export function createP3pWorkspace(): P3pWorkspace {
  return {
    lines: new Float64Array(3 * MAX_LINES),
    conic: new Float64Array(6),
    depths: new Float64Array(12),
    frame: new Float64Array(9),
  };
}

/** Poses from 3 rays: depth * bearing = R * point + t, depth > 0.
 * @param bearings [3 x 3] unit rows, camera frame    @param points [3 x 3] world
 * @param out [4 x 12], written: row-major 3x4 camFromWorld of each solution
 * @returns 0-4 solutions; 0 for coinciding or collinear points.
 * Source: Ding et al., "Revisiting the P3P Problem", CVPR 2023: the depth ratios are the meeting points of two conics,
 * found through one degenerate conic of their pencil. Ours: the better of the two cubic directions is solved, the
 * steepest root taken, and the depths polished by Newton steps. */
export function p3p(
  bearings: Float64Array,
  points: Float64Array,
  out: Float64Array,
  ws: P3pWorkspace,
): number {
  const a12 = distance2(points, 0, 3);
  const a13 = distance2(points, 0, 6);
  const a23 = distance2(points, 3, 6);
  if (!(a12 > 0 && a13 > 0 && a23 > 0) || !invertFrame(points, ws.frame)) return 0;
  const m12 = dot(bearings, 0, 3);
  const m13 = dot(bearings, 0, 6);
  const m23 = dot(bearings, 3, 6);
  const lines = degenerateLines(a12 / a23, a13 / a23, m12, m13, m23, bearings, ws);
  let depths = 0;
  for (let i = 0; i < lines; i++) depths = cutLine(ws, 3 * i, depths, a23, m23);
  let count = 0;
  for (let i = 0; i < depths; i++) {
    polishDepths(ws.depths, 3 * i, a12, a13, a23, m12, m13, m23);
    if (writePose(bearings, points, ws, 3 * i, out, count * POSE_SIZE)) count++;
  }
  return count;
}

function distance2(p: Float64Array, i: number, j: number): number {
  const x = p[i] - p[j];
  const y = p[i + 1] - p[j + 1];
  const z = p[i + 2] - p[j + 2];
  return x * x + y * y + z * z;
}

function dot(p: Float64Array, i: number, j: number): number {
  return p[i] * p[j] + p[i + 1] * p[j + 1] + p[i + 2] * p[j + 2];
}

/** Squared sine between two unit rows, exact for small angles too. */
function sine2(p: Float64Array, i: number, j: number): number {
  const x = p[i + 1] * p[j + 2] - p[i + 2] * p[j + 1];
  const y = p[i + 2] * p[j] - p[i] * p[j + 2];
  const z = p[i] * p[j + 1] - p[i + 1] * p[j];
  return x * x + y * y + z * z;
}

/** With x = d1/d3, y = d2/d3 the law of cosines gives the conics
 *   C1: x^2 - 2 m12 x y + y^2     = a (y^2 + 1 - 2 m23 y)
 *   C2: x^2 + 1     - 2 m13 x     = b (y^2 + 1 - 2 m23 y)
 * A member mu C1 + sigma C2 of vanishing determinant is a pair of lines through their meeting points. */
function degenerateLines(
  a: number,
  b: number,
  m12: number,
  m13: number,
  m23: number,
  bearings: Float64Array,
  ws: P3pWorkspace,
): number {
  const s12 = sine2(bearings, 0, 3);
  const s13 = sine2(bearings, 0, 6);
  const s23 = sine2(bearings, 3, 6);
  const shared = 2 * m12 * m13 * m23;
  const ab = a * b * (1 - 2 * m23 * m23);
  const c0 = a * (a * s23 - s12);
  const c1 = a * (a * s23 - 1) + ab + (s12 - a) * (1 - b) + a * shared;
  const c2 = b * (b * s23 - 1) + ab + (s13 - b) * (1 - a) + b * shared;
  const c3 = b * (b * s23 - s13);
  let mu = 1;
  let sigma = 1;
  if (Math.abs(c3) >= Math.abs(c0)) {
    if (c3 === 0) return 0;
    sigma = steepestCubicRoot(c3, c2, c1, c0);
  } else {
    mu = steepestCubicRoot(c0, c1, c2, c3);
  }
  const larger = Math.max(Math.abs(mu), Math.abs(sigma));
  mu /= larger;
  sigma /= larger;
  setConic(ws.conic, Math.abs(sigma) > Math.abs(mu), a, b, m12, m13, m23);
  const d00 = mu + sigma;
  const d01 = -mu * m12;
  const d02 = -sigma * m13;
  const d11 = mu * (1 - a) - sigma * b;
  const d12 = m23 * (mu * a + sigma * b);
  const d22 = sigma * (1 - b) - mu * a;
  return splitConic(d00, d01, d02, d11, d12, d22, ws.lines);
}

/** The conic to cut with: the one that weighs less in the degenerate member, so that the two differ. */
function setConic(
  c: Float64Array,
  useC1: boolean,
  a: number,
  b: number,
  m12: number,
  m13: number,
  m23: number,
): void {
  c[0] = 1;
  c[1] = useC1 ? -2 * m12 : 0;
  c[2] = useC1 ? 1 - a : -b;
  c[3] = useC1 ? 0 : -2 * m13;
  c[4] = 2 * m23 * (useC1 ? a : b);
  c[5] = useC1 ? -a : 1 - b;
}

/** Lines l, m of the degenerate symmetric conic l m^T + m l^T.
 * Source: Richter-Gebert, "Perspectives on Projective Geometry", ch. 11.1. */
function splitConic(
  d00: number,
  d01: number,
  d02: number,
  d11: number,
  d12: number,
  d22: number,
  lines: Float64Array,
): number {
  const b00 = d12 * d12 - d11 * d22;
  const b11 = d02 * d02 - d00 * d22;
  const b22 = d01 * d01 - d00 * d11;
  const b01 = d01 * d22 - d02 * d12;
  const b02 = d02 * d11 - d01 * d12;
  const b12 = d00 * d12 - d01 * d02;
  let p0 = 0;
  let p1 = 0;
  let p2 = 0;
  const best = Math.max(b00, b11, b22);
  if (best > 0) {
    const s = 1 / Math.sqrt(best);
    p0 = (b00 === best ? b00 : b11 === best ? b01 : b02) * s;
    p1 = (b00 === best ? b01 : b11 === best ? b11 : b12) * s;
    p2 = (b00 === best ? b02 : b11 === best ? b12 : b22) * s;
  } else if (best < -1e-10) {
    return 0;
  }
  return rankOneLines(d00, d11, d22, d01 - p2, d01 + p2, d02 + p1, d02 - p1, d12 - p0, d12 + p0, lines);
}

/** Row and column of the largest entry of the rank-1 matrix. */
function rankOneLines(
  m00: number,
  m11: number,
  m22: number,
  m01: number,
  m10: number,
  m02: number,
  m20: number,
  m12: number,
  m21: number,
  lines: Float64Array,
): number {
  const r0 = Math.max(Math.abs(m00), Math.abs(m01), Math.abs(m02));
  const r1 = Math.max(Math.abs(m10), Math.abs(m11), Math.abs(m12));
  const r2 = Math.max(Math.abs(m20), Math.abs(m21), Math.abs(m22));
  const row = r0 >= r1 && r0 >= r2 ? 0 : r1 >= r2 ? 1 : 2;
  lines[0] = row === 0 ? m00 : row === 1 ? m10 : m20;
  lines[1] = row === 0 ? m01 : row === 1 ? m11 : m21;
  lines[2] = row === 0 ? m02 : row === 1 ? m12 : m22;
  const x = Math.abs(lines[0]);
  const y = Math.abs(lines[1]);
  const z = Math.abs(lines[2]);
  const col = x >= y && x >= z ? 0 : y >= z ? 1 : 2;
  lines[3] = col === 0 ? m00 : col === 1 ? m01 : m02;
  lines[4] = col === 0 ? m10 : col === 1 ? m11 : m12;
  lines[5] = col === 0 ? m20 : col === 1 ? m21 : m22;
  return MAX_LINES;
}

/** Meeting points of a line and the conic, as depths appended at `count`. */
function cutLine(ws: P3pWorkspace, at: number, count: number, a23: number, m23: number): number {
  const [l0, l1, l2] = [ws.lines[at], ws.lines[at + 1], ws.lines[at + 2]];
  const c = ws.conic;
  const solveY = Math.abs(l0) > Math.abs(l1);
  const pivot = solveY ? l0 : l1;
  if (pivot === 0) return count;
  const alpha = -(solveY ? l1 : l0) / pivot;
  const beta = -l2 / pivot;
  // the eliminated unknown is alpha * u + beta, u the one that stays
  const cee = solveY ? c[0] : c[2];
  const cuu = solveY ? c[2] : c[0];
  const ce = solveY ? c[3] : c[4];
  const cu = solveY ? c[4] : c[3];
  const qa = cee * alpha * alpha + c[1] * alpha + cuu;
  const qb = 2 * cee * alpha * beta + c[1] * beta + ce * alpha + cu;
  const qc = cee * beta * beta + ce * beta + c[5];
  const disc = qb * qb - 4 * qa * qc;
  if (!(disc > -1e-10 * (qb * qb + Math.abs(4 * qa * qc)))) return count;
  const q = -0.5 * (qb + (qb < 0 ? -1 : 1) * Math.sqrt(Math.max(0, disc)));
  const after = addDepths(ws.depths, count, solveY, qa === 0 ? Number.NaN : q / qa, alpha, beta, a23, m23);
  return addDepths(ws.depths, after, solveY, q === 0 ? Number.NaN : qc / q, alpha, beta, a23, m23);
}

function addDepths(
  depths: Float64Array,
  count: number,
  solveY: boolean,
  u: number,
  alpha: number,
  beta: number,
  a23: number,
  m23: number,
): number {
  const e = alpha * u + beta;
  const x = solveY ? e : u;
  const y = solveY ? u : e;
  if (!(x > 0 && y > 0) || count >= 4) return count;
  const d3 = Math.sqrt(a23 / (y * y + 1 - 2 * m23 * y));
  depths[3 * count] = x * d3;
  depths[3 * count + 1] = y * d3;
  depths[3 * count + 2] = d3;
  return count + 1;
}

/** Newton steps on the three laws of cosines. */
function polishDepths(
  d: Float64Array,
  at: number,
  a12: number,
  a13: number,
  a23: number,
  m12: number,
  m13: number,
  m23: number,
): void {
  for (let step = 0; step < 3; step++) {
    const [d1, d2, d3] = [d[at], d[at + 1], d[at + 2]];
    const e1 = d1 * d1 + d2 * d2 - 2 * d1 * d2 * m12 - a12;
    const e2 = d1 * d1 + d3 * d3 - 2 * d1 * d3 * m13 - a13;
    const e3 = d2 * d2 + d3 * d3 - 2 * d2 * d3 * m23 - a23;
    if (Math.abs(e1) + Math.abs(e2) + Math.abs(e3) < 1e-14 * (a12 + a13 + a23)) return;
    // half the Jacobian [[j11 j12 0] [j21 0 j23] [0 j32 j33]]
    const j11 = d1 - d2 * m12;
    const j12 = d2 - d1 * m12;
    const j21 = d1 - d3 * m13;
    const j23 = d3 - d1 * m13;
    const j32 = d2 - d3 * m23;
    const j33 = d3 - d2 * m23;
    const det = -2 * (j11 * j23 * j32 + j12 * j21 * j33);
    if (!(Math.abs(det) > 0)) return;
    d[at] -= (-j23 * j32 * e1 - j12 * j33 * e2 + j12 * j23 * e3) / det;
    d[at + 1] -= (-j21 * j33 * e1 + j11 * j33 * e2 - j11 * j23 * e3) / det;
    d[at + 2] -= (j21 * j32 * e1 - j11 * j32 * e2 - j12 * j21 * e3) / det;
  }
}

function invertFrame(p: Float64Array, frame: Float64Array): boolean {
  const ux = p[0] - p[3];
  const uy = p[1] - p[4];
  const uz = p[2] - p[5];
  const vx = p[0] - p[6];
  const vy = p[1] - p[7];
  const vz = p[2] - p[8];
  const wx = uy * vz - uz * vy;
  const wy = uz * vx - ux * vz;
  const wz = ux * vy - uy * vx;
  const w2 = wx * wx + wy * wy + wz * wz;
  const u2 = ux * ux + uy * uy + uz * uz;
  const v2 = vx * vx + vy * vy + vz * vz;
  if (!(w2 > 1e-18 * u2 * v2)) return false;
  const s = 1 / w2;
  frame[0] = (vy * wz - vz * wy) * s;
  frame[1] = (vz * wx - vx * wz) * s;
  frame[2] = (vx * wy - vy * wx) * s;
  frame[3] = (wy * uz - wz * uy) * s;
  frame[4] = (wz * ux - wx * uz) * s;
  frame[5] = (wx * uy - wy * ux) * s;
  frame[6] = wx * s;
  frame[7] = wy * s;
  frame[8] = wz * s;
  return true;
}

/** R maps the world triangle's frame to the camera triangle's; t from the first point. */
function writePose(
  b: Float64Array,
  p: Float64Array,
  ws: P3pWorkspace,
  at: number,
  out: Float64Array,
  o: number,
): boolean {
  const [d1, d2, d3] = [ws.depths[at], ws.depths[at + 1], ws.depths[at + 2]];
  if (!(d1 > 0 && d2 > 0 && d3 > 0)) return false;
  const yx = d1 * b[0];
  const yy = d1 * b[1];
  const yz = d1 * b[2];
  const ux = yx - d2 * b[3];
  const uy = yy - d2 * b[4];
  const uz = yz - d2 * b[5];
  const vx = yx - d3 * b[6];
  const vy = yy - d3 * b[7];
  const vz = yz - d3 * b[8];
  const wx = uy * vz - uz * vy;
  const wy = uz * vx - ux * vz;
  const wz = ux * vy - uy * vx;
  const f = ws.frame;
  for (let col = 0; col < 3; col++) {
    out[o + col] = ux * f[col] + vx * f[3 + col] + wx * f[6 + col];
    out[o + 4 + col] = uy * f[col] + vy * f[3 + col] + wy * f[6 + col];
    out[o + 8 + col] = uz * f[col] + vz * f[3 + col] + wz * f[6 + col];
  }
  out[o + 3] = yx - (out[o] * p[0] + out[o + 1] * p[1] + out[o + 2] * p[2]);
  out[o + 7] = yy - (out[o + 4] * p[0] + out[o + 5] * p[1] + out[o + 6] * p[2]);
  out[o + 11] = yz - (out[o + 8] * p[0] + out[o + 9] * p[1] + out[o + 10] * p[2]);
  return true;
}
