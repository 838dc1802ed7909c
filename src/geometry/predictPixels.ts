import { type Lens, projectWithJacobian } from './projection.js';

/** Where points of the world should appear, and how far from there they may be. Arrays grow where they are too small. */
export interface PixelPredictions {
  count: number;
  /** [count] rows of the points given. */
  row: Int32Array;
  /** [2 x count] */
  xyPx: Float32Array;
  /** [count] */
  radiusPx: Float32Array;
}

export interface PredictOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Standard deviations the radius covers. */
  readonly sigmas: number;
  /** Pixel noise of a keypoint, one standard deviation. */
  readonly noisePx: number;
  readonly minRadiusPx: number;
  readonly maxRadiusPx: number;
  /** Stops when so many are in view; the points come most wanted first. */
  readonly limit: number;
}

export interface PredictScratch {
  readonly point: Float64Array;
  readonly pixel: Float64Array;
  readonly jacobian: Float64Array;
}

export function createPixelPredictions(): PixelPredictions {
  return { count: 0, row: new Int32Array(0), xyPx: new Float32Array(0), radiusPx: new Float32Array(0) };
}

export function createPredictScratch(): PredictScratch {
  return { point: new Float64Array(3), pixel: new Float64Array(2), jacobian: new Float64Array(6) };
}

/** Frustum test and search radius of every point: those in front of the camera whose pixel lies inside the image, with
 * radius = clamp(sigmas * sqrt(l + noise^2), min, max), l the larger eigenvalue of J S J^T.
 * @param points [n x 3] world    @param pose [12] row-major 3x4 camFromWorld
 * @param covariance row-major 6 x 6 of `pose`, left perturbation, rotation (rad) then translation (m); null where the pose
 * is known better than a pixel: every radius is the least
 * @param out written. Allocates nothing once `out` has grown. */
export function predictPixels(
  lens: Lens,
  points: Float64Array,
  count: number,
  pose: Float64Array,
  covariance: Float64Array | null,
  options: PredictOptions,
  ws: PredictScratch,
  out: PixelPredictions,
): void {
  growTo(out, Math.min(count, options.limit));
  const { point, pixel, jacobian } = ws;
  const { widthPx, heightPx, sigmas, minRadiusPx, maxRadiusPx } = options;
  const noise2 = options.noisePx * options.noisePx;
  let found = 0;
  for (let i = 0; i < count && found < options.limit; i++) {
    const x = points[3 * i];
    const y = points[3 * i + 1];
    const z = points[3 * i + 2];
    point[0] = pose[0] * x + pose[1] * y + pose[2] * z + pose[3];
    point[1] = pose[4] * x + pose[5] * y + pose[6] * z + pose[7];
    point[2] = pose[8] * x + pose[9] * y + pose[10] * z + pose[11];
    if (!projectWithJacobian(lens, point, pixel, covariance === null ? null : jacobian)) continue;
    const u = pixel[0];
    const v = pixel[1];
    if (!(u >= 0 && v >= 0 && u < widthPx && v < heightPx)) continue;
    const radius =
      covariance === null ? 0 : sigmas * Math.sqrt(widestVariance(point, jacobian, covariance) + noise2);
    out.row[found] = i;
    out.xyPx[2 * found] = u;
    out.xyPx[2 * found + 1] = v;
    out.radiusPx[found++] = Math.min(maxRadiusPx, Math.max(minRadiusPx, radius));
  }
  out.count = found;
}

/** Larger eigenvalue of J S J^T, px^2. With a pixel's derivative (a, b, c) by the point, that by the pose is
 * [point x (a, b, c), (a, b, c)]. */
function widestVariance(p: Float64Array, j: Float64Array, s: Float64Array): number {
  const u0 = p[1] * j[2] - p[2] * j[1];
  const u1 = p[2] * j[0] - p[0] * j[2];
  const u2 = p[0] * j[1] - p[1] * j[0];
  const v0 = p[1] * j[5] - p[2] * j[4];
  const v1 = p[2] * j[3] - p[0] * j[5];
  const v2 = p[0] * j[4] - p[1] * j[3];
  let uu = 0;
  let uv = 0;
  let vv = 0;
  for (let row = 0; row < 6; row++) {
    const at = 6 * row;
    const su =
      s[at] * u0 + s[at + 1] * u1 + s[at + 2] * u2 + s[at + 3] * j[0] + s[at + 4] * j[1] + s[at + 5] * j[2];
    const sv =
      s[at] * v0 + s[at + 1] * v1 + s[at + 2] * v2 + s[at + 3] * j[3] + s[at + 4] * j[4] + s[at + 5] * j[5];
    const u = row === 0 ? u0 : row === 1 ? u1 : row === 2 ? u2 : j[row - 3];
    const v = row === 0 ? v0 : row === 1 ? v1 : row === 2 ? v2 : j[row];
    uu += u * su;
    uv += u * sv;
    vv += v * sv;
  }
  const middle = 0.5 * (uu + vv);
  const half = 0.5 * (uu - vv);
  return middle + Math.sqrt(half * half + uv * uv);
}

function growTo(out: PixelPredictions, count: number): void {
  if (out.row.length >= count) return;
  const size = Math.max(count, 2 * out.row.length);
  out.row = new Int32Array(size);
  out.xyPx = new Float32Array(2 * size);
  out.radiusPx = new Float32Array(size);
}
