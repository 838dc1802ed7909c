import { solveSymmetric3 } from './symmetric3.js';
import type { PosedViews, TriangulateWorkspace } from './track.js';
import { squaredError } from './trackError.js';

const REFINE_STEPS = 10;

/** Linear N-view solution over the inlier rays: least squared distance to each ray over its depth, which is the sine of
 * the angle, with the depths of the start. Leaves the start where the rays are too parallel to solve. */
export function solveLinear(n: number, ws: TriangulateWorkspace): void {
  const { normal: h, centres: c, rays: d, trial: g, result } = ws;
  h.fill(0);
  g.fill(0);
  for (let k = 0; k < n; k++) {
    if (result.inlierMask[k] === 0) continue;
    const at = 3 * k;
    let depth2 = 0;
    for (let j = 0; j < 3; j++) depth2 += (result.xyz[j] - c[at + j]) ** 2;
    const along = d[at] * c[at] + d[at + 1] * c[at + 1] + d[at + 2] * c[at + 2];
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) h[3 * i + j] += ((i === j ? 1 : 0) - d[at + i] * d[at + j]) / depth2;
      g[i] += (c[at + i] - d[at + i] * along) / depth2;
    }
  }
  if (solveSymmetric3(h, g, 0)) result.xyz.set(g);
}

/** Levenberg-Marquardt on the inliers' reprojection error. */
export function refinePoint(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  pixels: ArrayLike<number>,
  n: number,
  ws: TriangulateWorkspace,
): void {
  const { result, trial, normal } = ws;
  let lambda = 1e-3;
  for (let step = 0; step < REFINE_STEPS; step++) {
    const cost = linearizePoint(views, viewOf, pixels, n, ws);
    if (!solveSymmetric3(normal, trial, lambda)) return;
    let square = 0;
    let size = 0;
    for (let j = 0; j < 3; j++) {
      square += trial[j] * trial[j];
      trial[j] = result.xyz[j] - trial[j];
      size += trial[j] * trial[j];
    }
    const after = inlierCost(views, viewOf, pixels, n, ws);
    if (after < cost) {
      result.xyz.set(trial);
      lambda *= 0.1;
      if (square < 1e-20 * size || cost - after < 1e-10 * cost) return;
    } else {
      if (lambda > 1e6 || square < 1e-20 * size) return;
      lambda *= 10;
    }
  }
}

/** Fills `normal` with J^T J and `trial` with J^T e; returns the cost. */
function linearizePoint(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  pixels: ArrayLike<number>,
  n: number,
  ws: TriangulateWorkspace,
): number {
  const { normal: h, trial: g, pixel: e, jacobian: jac, result } = ws;
  const m = views.camFromWorld;
  h.fill(0);
  g.fill(0);
  let cost = 0;
  for (let k = 0; k < n; k++) {
    if (result.inlierMask[k] === 0) continue;
    cost += squaredError(views, viewOf[k], pixels, k, result.xyz, e, jac);
    const at = 12 * viewOf[k];
    for (let row = 0; row < 2; row++) {
      const a = jac[3 * row];
      const b = jac[3 * row + 1];
      const c = jac[3 * row + 2];
      const jx = a * m[at] + b * m[at + 4] + c * m[at + 8];
      const jy = a * m[at + 1] + b * m[at + 5] + c * m[at + 9];
      const jz = a * m[at + 2] + b * m[at + 6] + c * m[at + 10];
      h[0] += jx * jx;
      h[1] += jx * jy;
      h[2] += jx * jz;
      h[4] += jy * jy;
      h[5] += jy * jz;
      h[8] += jz * jz;
      g[0] += jx * e[row];
      g[1] += jy * e[row];
      g[2] += jz * e[row];
    }
  }
  return cost;
}

function inlierCost(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  pixels: ArrayLike<number>,
  n: number,
  ws: TriangulateWorkspace,
): number {
  let cost = 0;
  for (let k = 0; k < n; k++)
    if (ws.result.inlierMask[k] === 1)
      cost += squaredError(views, viewOf[k], pixels, k, ws.trial, ws.pixel, null);
  return cost;
}
