import type { PosedViews, TriangulateOptions, TriangulateWorkspace } from './track.js';
import { squaredError } from './trackError.js';

/** World-frame centre -R^T t and ray R^T bearing of each observation. */
export function castRays(
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
export function startFromPairs(
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

/** Largest angle under which two inlier centres see the point. */
export function widestAngle(n: number, ws: TriangulateWorkspace): number {
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
