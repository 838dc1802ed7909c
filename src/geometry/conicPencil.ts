import type { P3pWorkspace } from './p3pWorkspace.js';
import { steepestCubicRoot } from './polynomial.js';

/** With x = d1/d3, y = d2/d3 the law of cosines gives the conics
 *   C1: x^2 - 2 m12 x y + y^2     = a (y^2 + 1 - 2 m23 y)
 *   C2: x^2 + 1     - 2 m13 x     = b (y^2 + 1 - 2 m23 y)
 * A member mu C1 + sigma C2 of vanishing determinant is a pair of lines through their meeting points. */
export function degenerateConic(ws: P3pWorkspace): boolean {
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
export function splitConic(ws: P3pWorkspace): boolean {
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
export function cutLine(ws: P3pWorkspace, at: number, count: number): number {
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
