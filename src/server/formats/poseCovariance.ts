import type { WorldFromCam } from '../../domain/rigid.js';
import { transport } from '../../geometry/covariance.js';

/** Row-major 3 x 3. */
export type Axes = readonly number[];

const SAME_AXES: Axes = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** The covariance as others write it: position (m) first, then rotation (rad), each along axes of its own. Ours is of a
 * left perturbation (w, v), which turns about the world's origin: p' = p + v - [p]x w, and the rotation error is w.
 * @param covariance  row-major 6 x 6 as of `PoseEstimate`
 * @param positionAxes  of the position error, from world axes
 * @param rotationAxes  of the rotation error, from world axes
 * @returns row-major 6 x 6; null where an entry is unknown */
export function positionFirst(
  { t: [x, y, z] }: WorldFromCam,
  covariance: Float64Array | null,
  positionAxes: Axes = SAME_AXES,
  rotationAxes: Axes = SAME_AXES,
): Float64Array | null {
  if (!covariance?.every(Number.isFinite)) return null;
  const minusSkew = [0, z, -y, -z, 0, x, y, -x, 0];
  const jacobian = new Float64Array(36);
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++) {
      for (let k = 0; k < 3; k++) jacobian[6 * r + c] += positionAxes[3 * r + k] * minusSkew[3 * k + c];
      jacobian[6 * r + 3 + c] = positionAxes[3 * r + c];
      jacobian[6 * (r + 3) + c] = rotationAxes[3 * r + c];
    }
  return transport(jacobian, covariance);
}
