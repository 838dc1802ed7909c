import { refinePoint, solveLinear } from './refinePoint.js';
import type { PosedViews, TriangulatedPoint, TriangulateOptions, TriangulateWorkspace } from './track.js';
import { squaredError } from './trackError.js';
import { castRays, startFromPairs, widestAngle } from './trackRays.js';

export {
  createTriangulateWorkspace,
  type PosedViews,
  type TriangulatedPoint,
  type TriangulateOptions,
  type TriangulateWorkspace,
} from './track.js';

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

const scratchPixel = new Float64Array(2);

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
