import type { WorldFromCam } from '../domain/rigid.js';
import { eigenSymmetric } from '../geometry/symmetric.js';

export interface PoseSigma {
  /** Standard deviation of the camera's position in the direction it is known worst. */
  readonly m: number;
  /** Of its rotation, about the worst axis. */
  readonly rad: number;
}

/** How far a pose may be off, from its covariance. The left perturbation turns about the world's origin, so a rotation
 * moves the camera too: p' = p + v - [p]x w.
 * @param covariance  row-major 6 x 6 as of `PoseEstimate`; null gives infinity */
export function poseSigma({ t }: WorldFromCam, covariance: Float64Array | null): PoseSigma {
  if (covariance === null) return { m: Number.POSITIVE_INFINITY, rad: Number.POSITIVE_INFINITY };
  return { m: worstSigma(positionCovariance(t, covariance)), rad: worstSigma(block(covariance, 0, 0)) };
}

/** J S J^T with J = [-[p]x, I]. */
function positionCovariance([x, y, z]: readonly number[], covariance: Float64Array): Float64Array {
  const j = [
    [0, z, -y, 1, 0, 0],
    [-z, 0, x, 0, 1, 0],
    [y, -x, 0, 0, 0, 1],
  ];
  const out = new Float64Array(9);
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++)
      for (let a = 0; a < 6; a++)
        for (let b = 0; b < 6; b++) out[3 * r + c] += j[r][a] * covariance[6 * a + b] * j[c][b];
  return out;
}

function block(covariance: Float64Array, row: number, column: number): Float64Array {
  return Float64Array.from(
    { length: 9 },
    (_, i) => covariance[6 * (row + Math.floor(i / 3)) + column + (i % 3)],
  );
}

function worstSigma(covariance: Float64Array): number {
  const values = new Float64Array(3);
  eigenSymmetric(covariance, 3, values);
  return Math.sqrt(Math.max(values[0], 0));
}
