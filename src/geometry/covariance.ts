import { adjoint, invertPose } from './poseMatrix.js';
import type { RefineWorkspace } from './refinePose.js';
import { eigenSymmetric, invertSymmetric } from './symmetric.js';

export interface PoseUncertainty {
  /** Row-major 6x6, rotation (rad) then translation (m), left perturbation of worldFromCam; null where singular. */
  readonly covariance: Float64Array | null;
  /** Largest over smallest eigenvalue of J^T W J scaled to a unit diagonal, so that units cancel; Infinity where singular. */
  readonly conditionNumber: number;
}

/** Uncertainty of the pose last refined with `ws`: s^2 (J^T W J)^-1 with s^2 the weighted residual variance, carried
 * from the left perturbation of camFromWorld to that of worldFromCam: T_wc' = T_wc exp(-d) = exp(-Ad(T_wc) d) T_wc. */
export function poseUncertainty(camFromWorld: Float64Array, ws: RefineWorkspace): PoseUncertainty {
  const conditionNumber = scaledCondition(ws.accepted.hessian);
  const inverse = invertSymmetric(ws.accepted.hessian, 6);
  if (inverse === null || !Number.isFinite(conditionNumber))
    return { covariance: null, conditionNumber: Number.POSITIVE_INFINITY };
  const { weightedSquares, weights } = ws.accepted;
  const freedom = 2 * weights - 6;
  if (!(freedom > 0)) return { covariance: null, conditionNumber };
  const variancePx2 = weightedSquares / freedom;
  const scaled = inverse.map((v) => v * variancePx2);
  return { covariance: transport(adjoint(invertPose(camFromWorld)), scaled), conditionNumber };
}

/** A S A^T, 6x6. */
export function transport(a: Float64Array, s: Float64Array): Float64Array {
  const half = new Float64Array(36);
  const out = new Float64Array(36);
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 6; j++) for (let k = 0; k < 6; k++) half[6 * i + j] += a[6 * i + k] * s[6 * k + j];
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 6; j++) for (let k = 0; k < 6; k++) out[6 * i + j] += half[6 * i + k] * a[6 * j + k];
  return out;
}

function scaledCondition(hessian: Float64Array): number {
  const scaled = new Float64Array(36);
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 6; j++)
      scaled[6 * i + j] = hessian[6 * i + j] / Math.sqrt(hessian[7 * i] * hessian[7 * j]);
  if (!scaled.every(Number.isFinite)) return Number.POSITIVE_INFINITY;
  const values = new Float64Array(6);
  eigenSymmetric(scaled, 6, values);
  return values[5] > 0 ? values[0] / values[5] : Number.POSITIVE_INFINITY;
}
