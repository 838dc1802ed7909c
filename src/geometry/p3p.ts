import { cutLine, degenerateConic, splitConic } from './conicPencil.js';
import type { P3pWorkspace } from './p3pWorkspace.js';

export { createP3pWorkspace, type P3pWorkspace } from './p3pWorkspace.js';

/** Numbers per pose in every solver's output: row-major 3x4 [R | t], camFromWorld. */
export const POSE_SIZE = 12;

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
