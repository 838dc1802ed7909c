import { lensOf, projectWithJacobian } from './projection.js';
import type { PosedViews } from './track.js';

const scratchPoint = new Float64Array(3);

/** Squared reprojection error, px^2; Infinity where the view cannot see the point.
 * @param pixel [2] scratch, left holding the error    @param jacobian [6] d(pixel)/d(camera point), or null */
export function squaredError(
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
