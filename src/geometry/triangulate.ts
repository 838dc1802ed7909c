import type { Camera } from '../domain/camera.js';
import { lensOf, projectWithJacobian } from './projection.js';

/** Views whose poses are known. */
export interface PosedViews {
  /** [v] one per view. */
  readonly cameras: readonly Camera[];
  /** [v x 12] row-major 3x4 [R | t]. */
  readonly camFromWorld: Float64Array;
}

export interface TriangulateOptions {
  /** Largest reprojection error of an observation that supports the point. */
  readonly thresholdPx: number;
  /** Smallest angle between the two rays that start the point. */
  readonly minAngleRad: number;
  /** Ray pairs tried as a start. Default 60: every pair of up to 11 views. */
  readonly maxPairs?: number;
}

/** **Borrowed** from the workspace until its next use. */
export interface TriangulatedPoint {
  /** World coordinates; NaN where no two rays agree. */
  readonly xyz: Float64Array;
  /** Observations within the threshold, 0 where it failed. */
  inliers: number;
  /** [count] 1 for those. */
  readonly inlierMask: Uint8Array;
  /** Over the inliers, NaN where it failed. */
  rmsPx: number;
  /** Largest angle between two inlier rays, NaN where it failed. */
  angleRad: number;
}

export interface TriangulateWorkspace {
  readonly centres: Float64Array;
  readonly rays: Float64Array;
  readonly trial: Float64Array;
  readonly normal: Float64Array;
  readonly pixel: Float64Array;
  readonly jacobian: Float64Array;
  readonly result: TriangulatedPoint;
  readonly capacity: number;
}

const REFINE_STEPS = 10;

/** @param capacity longest track, in observations */
export function createTriangulateWorkspace(capacity = 256): TriangulateWorkspace {
  return {
    capacity,
    centres: new Float64Array(3 * capacity),
    rays: new Float64Array(3 * capacity),
    trial: new Float64Array(3),
    normal: new Float64Array(9),
    pixel: new Float64Array(2),
    jacobian: new Float64Array(6),
    result: {
      xyz: new Float64Array(3),
      inliers: 0,
      inlierMask: new Uint8Array(capacity),
      rmsPx: Number.NaN,
      angleRad: Number.NaN,
    },
  };
}

/** One point from its observations in posed views, some of which may be wrong: the ray pair most observations agree
 * with starts a linear solution over its inliers and a Levenberg-Marquardt on their reprojection error.
 * @param viewOf   [count] view of each observation    @param pixels [count x 2]
 * @param bearings [count x 3] unit, each view's camera frame (see `unprojectAll`)
 * @param count    observations; beyond the workspace's capacity the rest is left out
 * @returns `ws.result`; failure is NaN and 0 inliers, never a throw. Allocates nothing; cost O(pairs x count). */
export function triangulate(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  pixels: ArrayLike<number>,
  bearings: ArrayLike<number>,
  count: number,
  options: TriangulateOptions,
  ws: TriangulateWorkspace,
): TriangulatedPoint {
  const n = Math.min(count, ws.capacity);
  const { result } = ws;
  castRays(views, viewOf, bearings, n, ws);
  if (!startFromPairs(views, viewOf, pixels, n, options, ws)) return fail(result);
  for (let round = 0; round < 2; round++) {
    markInliers(views, viewOf, pixels, n, options.thresholdPx, result);
    if (result.inliers < 2) return fail(result);
    if (round === 0) solveLinear(n, ws);
    refinePoint(views, viewOf, pixels, n, ws);
  }
  markInliers(views, viewOf, pixels, n, options.thresholdPx, result);
  result.angleRad = widestAngle(n, ws);
  return result.inliers < 2 || !(result.angleRad >= options.minAngleRad) ? fail(result) : result;
}

function fail(result: TriangulatedPoint): TriangulatedPoint {
  result.xyz.fill(Number.NaN);
  result.inlierMask.fill(0);
  result.inliers = 0;
  result.rmsPx = Number.NaN;
  result.angleRad = Number.NaN;
  return result;
}

/** World-frame centre -R^T t and ray R^T bearing of each observation. */
function castRays(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  bearings: ArrayLike<number>,
  n: number,
  ws: TriangulateWorkspace,
): void {
  const m = views.camFromWorld;
  for (let k = 0; k < n; k++) {
    const at = 12 * viewOf[k];
    for (let j = 0; j < 3; j++) {
      const a = m[at + j];
      const b = m[at + 4 + j];
      const c = m[at + 8 + j];
      ws.centres[3 * k + j] = -(a * m[at + 3] + b * m[at + 7] + c * m[at + 11]);
      ws.rays[3 * k + j] = a * bearings[3 * k] + b * bearings[3 * k + 1] + c * bearings[3 * k + 2];
    }
  }
}

/** Tries ray pairs, wide apart in the track first; keeps the cheapest point in `result.xyz`. */
function startFromPairs(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  pixels: ArrayLike<number>,
  n: number,
  options: TriangulateOptions,
  ws: TriangulateWorkspace,
): boolean {
  const { maxPairs = 60, thresholdPx, minAngleRad } = options;
  const maxCosine = Math.cos(minAngleRad);
  let best = Number.POSITIVE_INFINITY;
  let tried = 0;
  for (let gap = n - 1; gap >= 1 && tried < maxPairs; gap--)
    for (let i = 0; i + gap < n && tried < maxPairs; i++) {
      tried++;
      if (!meetRays(ws, i, i + gap, maxCosine)) continue;
      const cost = truncatedCost(views, viewOf, pixels, n, thresholdPx, ws.trial, best, ws);
      if (!(cost < best)) continue;
      best = cost;
      ws.result.xyz.set(ws.trial);
    }
  return best <= n - 1;
}

/** Middle of the shortest segment between two rays, to `ws.trial`; false behind either centre or too parallel. */
function meetRays(ws: TriangulateWorkspace, i: number, j: number, maxCosine: number): boolean {
  const { centres: c, rays: d, trial } = ws;
  const a = 3 * i;
  const b = 3 * j;
  const cosine = d[a] * d[b] + d[a + 1] * d[b + 1] + d[a + 2] * d[b + 2];
  if (!(cosine < maxCosine)) return false;
  const wx = c[b] - c[a];
  const wy = c[b + 1] - c[a + 1];
  const wz = c[b + 2] - c[a + 2];
  const onA = wx * d[a] + wy * d[a + 1] + wz * d[a + 2];
  const onB = wx * d[b] + wy * d[b + 1] + wz * d[b + 2];
  const sine2 = 1 - cosine * cosine;
  const alongA = (onA - cosine * onB) / sine2;
  const alongB = (cosine * onA - onB) / sine2;
  if (!(alongA > 0 && alongB > 0)) return false;
  for (let k = 0; k < 3; k++) trial[k] = 0.5 * (c[a + k] + alongA * d[a + k] + c[b + k] + alongB * d[b + k]);
  return true;
}

/** Sum of min(error^2 / threshold^2, 1), given up past `giveUpAt`. */
function truncatedCost(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  pixels: ArrayLike<number>,
  n: number,
  thresholdPx: number,
  xyz: Float64Array,
  giveUpAt: number,
  ws: TriangulateWorkspace,
): number {
  let cost = 0;
  for (let k = 0; k < n && cost < giveUpAt; k++) {
    const square = squaredError(views, viewOf[k], pixels, k, xyz, ws.pixel, null);
    cost += Math.min(1, square / (thresholdPx * thresholdPx));
  }
  return cost;
}

/** Squared reprojection error, px^2; Infinity where the view cannot see the point.
 * @param pixel [2] scratch, left holding the error    @param jacobian [6] d(pixel)/d(camera point), or null */
function squaredError(
  views: PosedViews,
  view: number,
  pixels: ArrayLike<number>,
  row: number,
  p: Float64Array,
  pixel: Float64Array,
  jacobian: Float64Array | null,
): number {
  const m = views.camFromWorld;
  const at = 12 * view;
  const seen = scratchPoint;
  seen[0] = m[at] * p[0] + m[at + 1] * p[1] + m[at + 2] * p[2] + m[at + 3];
  seen[1] = m[at + 4] * p[0] + m[at + 5] * p[1] + m[at + 6] * p[2] + m[at + 7];
  seen[2] = m[at + 8] * p[0] + m[at + 9] * p[1] + m[at + 10] * p[2] + m[at + 11];
  if (!projectWithJacobian(lensOf(views.cameras[view]), seen, pixel, jacobian))
    return Number.POSITIVE_INFINITY;
  pixel[0] -= pixels[2 * row];
  pixel[1] -= pixels[2 * row + 1];
  return pixel[0] * pixel[0] + pixel[1] * pixel[1];
}

const scratchPixel = new Float64Array(2);
const scratchPoint = new Float64Array(3);

function markInliers(
  views: PosedViews,
  viewOf: ArrayLike<number>,
  pixels: ArrayLike<number>,
  n: number,
  thresholdPx: number,
  result: TriangulatedPoint,
): void {
  let sum = 0;
  result.inliers = 0;
  result.inlierMask.fill(0);
  for (let k = 0; k < n; k++) {
    const square = squaredError(views, viewOf[k], pixels, k, result.xyz, scratchPixel, null);
    if (!(square < thresholdPx * thresholdPx)) continue;
    result.inlierMask[k] = 1;
    result.inliers++;
    sum += square;
  }
  result.rmsPx = Math.sqrt(sum / result.inliers);
}

/** Linear N-view solution over the inlier rays: least squared distance to each ray over its depth, which is the sine of
 * the angle, with the depths of the start. Leaves the start where the rays are too parallel to solve. */
function solveLinear(n: number, ws: TriangulateWorkspace): void {
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

/** Solves (A + damping diag A) x = b in place of b; false where it is singular. */
function solveSymmetric3(a: Float64Array, b: Float64Array, damping: number): boolean {
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

/** Levenberg-Marquardt on the inliers' reprojection error. */
function refinePoint(
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

/** Largest angle under which two inlier centres see the point. */
function widestAngle(n: number, ws: TriangulateWorkspace): number {
  const { centres: c, result } = ws;
  const p = result.xyz;
  let smallest = 1;
  for (let i = 0; i < n; i++) {
    if (result.inlierMask[i] === 0) continue;
    for (let j = i + 1; j < n; j++) {
      if (result.inlierMask[j] === 0) continue;
      let ab = 0;
      let aa = 0;
      let bb = 0;
      for (let k = 0; k < 3; k++) {
        const a = p[k] - c[3 * i + k];
        const b = p[k] - c[3 * j + k];
        ab += a * b;
        aa += a * a;
        bb += b * b;
      }
      smallest = Math.min(smallest, ab / Math.sqrt(aa * bb));
    }
  }
  return Math.acos(Math.max(-1, smallest));
}
