import { steepestCubicRoot } from './polynomial.js';

/** Numbers per pose in every solver's output: row-major 3x4 [R | t], camFromWorld. */
export const POSE_SIZE = 12;

/** Numbers travel between the steps in arrays: handed over as arguments, each would be allocated. */
export interface P3pWorkspace {
  /** Squared distances a12 a13 a23, cosines m12 m13 m23, squared sines s12 s13 s23. */
  readonly triangle: Float64Array;
  /** Of the determinant of C1 + sigma C2, lowest power first. */
  readonly cubic: Float64Array;
  /** Degenerate conic d00 d01 d02 d11 d12 d22, then the rank-1 matrix it splits from (9). */
  readonly split: Float64Array;
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
    triangle: new Float64Array(9),
    cubic: new Float64Array(4),
    split: new Float64Array(15),
    lines: new Float64Array(6),
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
  if (!measure(bearings, points, ws.triangle) || !invertFrame(points, ws.frame)) return 0;
  if (!degenerateConic(ws) || !splitConic(ws)) return 0;
  const depths = cutLine(ws, 3, cutLine(ws, 0, 0));
  let count = 0;
  for (let i = 0; i < depths; i++) {
    polishDepths(ws.depths, 3 * i, ws.triangle);
    if (writePose(bearings, points, ws, 3 * i, out, count * POSE_SIZE)) count++;
  }
  return count;
}

/** Fills a12 .. s23; false where two points coincide. */
function measure(bearings: Float64Array, points: Float64Array, triangle: Float64Array): boolean {
  for (let k = 0; k < 3; k++) {
    const i = k < 2 ? 0 : 3;
    const j = k < 1 ? 3 : 6;
    let distance2 = 0;
    let cosine = 0;
    for (let c = 0; c < 3; c++) {
      const step = points[i + c] - points[j + c];
      distance2 += step * step;
      cosine += bearings[i + c] * bearings[j + c];
    }
    // from the cross product: 1 - cosine^2 loses small angles
    const x = bearings[i + 1] * bearings[j + 2] - bearings[i + 2] * bearings[j + 1];
    const y = bearings[i + 2] * bearings[j] - bearings[i] * bearings[j + 2];
    const z = bearings[i] * bearings[j + 1] - bearings[i + 1] * bearings[j];
    triangle[k] = distance2;
    triangle[3 + k] = cosine;
    triangle[6 + k] = x * x + y * y + z * z;
  }
  return triangle[0] > 0 && triangle[1] > 0 && triangle[2] > 0;
}

/** With x = d1/d3, y = d2/d3 the law of cosines gives the conics
 *   C1: x^2 - 2 m12 x y + y^2     = a (y^2 + 1 - 2 m23 y)
 *   C2: x^2 + 1     - 2 m13 x     = b (y^2 + 1 - 2 m23 y)
 * A member mu C1 + sigma C2 of vanishing determinant is a pair of lines through their meeting points. */
function degenerateConic(ws: P3pWorkspace): boolean {
  const { triangle: t, cubic, split: d } = ws;
  const m12 = t[3];
  const m13 = t[4];
  const m23 = t[5];
  const a = t[0] / t[2];
  const b = t[1] / t[2];
  const shared = 2 * m12 * m13 * m23;
  const ab = a * b * (1 - 2 * m23 * m23);
  cubic[0] = a * (a * t[8] - t[6]);
  cubic[1] = a * (a * t[8] - 1) + ab + (t[6] - a) * (1 - b) + a * shared;
  cubic[2] = b * (b * t[8] - 1) + ab + (t[7] - b) * (1 - a) + b * shared;
  cubic[3] = b * (b * t[8] - t[7]);
  const isReversed = Math.abs(cubic[0]) > Math.abs(cubic[3]);
  if (isReversed) cubic.reverse();
  if (cubic[3] === 0) return false;
  const root = steepestCubicRoot(cubic);
  const larger = Math.max(Math.abs(root), 1);
  const mu = (isReversed ? root : 1) / larger;
  const sigma = (isReversed ? 1 : root) / larger;
  d[0] = mu + sigma;
  d[1] = -mu * m12;
  d[2] = -sigma * m13;
  d[3] = mu * (1 - a) - sigma * b;
  d[4] = m23 * (mu * a + sigma * b);
  d[5] = sigma * (1 - b) - mu * a;
  // cut with the conic that weighs less in the degenerate one, so that the two differ
  const useC1 = Math.abs(sigma) > Math.abs(mu);
  const c = ws.conic;
  c[0] = 1;
  c[1] = useC1 ? -2 * m12 : 0;
  c[2] = useC1 ? 1 - a : -b;
  c[3] = useC1 ? 0 : -2 * m13;
  c[4] = 2 * m23 * (useC1 ? a : b);
  c[5] = useC1 ? -a : 1 - b;
  return true;
}

/** Lines l, m of the degenerate symmetric conic l m^T + m l^T; false where they are not real.
 * Source: Richter-Gebert, "Perspectives on Projective Geometry", ch. 11.1. */
function splitConic(ws: P3pWorkspace): boolean {
  const m = ws.split;
  const d00 = m[0];
  const d01 = m[1];
  const d02 = m[2];
  const d11 = m[3];
  const d12 = m[4];
  const d22 = m[5];
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
    return false;
  }
  m[6] = d00;
  m[7] = d01 - p2;
  m[8] = d02 + p1;
  m[9] = d01 + p2;
  m[10] = d11;
  m[11] = d12 - p0;
  m[12] = d02 - p1;
  m[13] = d12 + p0;
  m[14] = d22;
  takeLines(m, ws.lines);
  return true;
}

/** Row and column of the largest entry of the rank-1 matrix at m[6..15). */
function takeLines(m: Float64Array, lines: Float64Array): void {
  let largest = 6;
  for (let i = 7; i < 15; i++) if (Math.abs(m[i]) > Math.abs(m[largest])) largest = i;
  const row = Math.floor((largest - 6) / 3);
  const col = (largest - 6) % 3;
  for (let k = 0; k < 3; k++) {
    lines[k] = m[6 + 3 * row + k];
    lines[3 + k] = m[6 + 3 * k + col];
  }
}

/** Meeting points of a line and the conic, as depths appended at `count`. */
function cutLine(ws: P3pWorkspace, at: number, count: number): number {
  const c = ws.conic;
  const l0 = ws.lines[at];
  const l1 = ws.lines[at + 1];
  const l2 = ws.lines[at + 2];
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
  let found = count;
  for (let side = 0; side < 2; side++) {
    // a zero divisor makes the root infinite or NaN, which the signs below turn away
    const u = side === 0 ? q / qa : qc / q;
    const e = alpha * u + beta;
    const x = solveY ? e : u;
    const y = solveY ? u : e;
    const d3 = Math.sqrt(ws.triangle[2] / (y * y + 1 - 2 * ws.triangle[5] * y));
    if (!(x > 0 && y > 0 && d3 > 0) || found >= 4) continue;
    ws.depths[3 * found] = x * d3;
    ws.depths[3 * found + 1] = y * d3;
    ws.depths[3 * found + 2] = d3;
    found++;
  }
  return found;
}

/** Newton steps on the three laws of cosines. */
function polishDepths(d: Float64Array, at: number, t: Float64Array): void {
  for (let step = 0; step < 3; step++) {
    const d1 = d[at];
    const d2 = d[at + 1];
    const d3 = d[at + 2];
    const e1 = d1 * d1 + d2 * d2 - 2 * d1 * d2 * t[3] - t[0];
    const e2 = d1 * d1 + d3 * d3 - 2 * d1 * d3 * t[4] - t[1];
    const e3 = d2 * d2 + d3 * d3 - 2 * d2 * d3 * t[5] - t[2];
    if (Math.abs(e1) + Math.abs(e2) + Math.abs(e3) < 1e-14 * (t[0] + t[1] + t[2])) return;
    // half the Jacobian [[j11 j12 0] [j21 0 j23] [0 j32 j33]]
    const j11 = d1 - d2 * t[3];
    const j12 = d2 - d1 * t[3];
    const j21 = d1 - d3 * t[4];
    const j23 = d3 - d1 * t[4];
    const j32 = d2 - d3 * t[5];
    const j33 = d3 - d2 * t[5];
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
  const d1 = ws.depths[at];
  const d2 = ws.depths[at + 1];
  const d3 = ws.depths[at + 2];
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
