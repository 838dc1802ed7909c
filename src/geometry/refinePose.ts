import type { Camera } from '../domain/camera.js';
import { updateLeft } from './poseMatrix.js';
import {
  createLinearization,
  type Linearization,
  type LossOptions,
  linearize,
  type RowScratch,
} from './poseProblem.js';
import { lensOf } from './projection.js';
import { factorCholesky, solveCholesky } from './symmetric.js';

export type { Loss } from './poseProblem.js';

export interface RefineOptions extends LossOptions {
  readonly maxIterations: number;
  /** Done once a step promises to lower the cost by less than this share. Default 0.1 / count: noise alone
   * leaves 0.5 / count undecided for each parameter, and the step is still taken. */
  readonly tolerance?: number;
}

export interface RefineWorkspace extends RowScratch {
  /** At the refined pose. */
  accepted: Linearization;
  /** At the pose under trial; the two change places when it is taken. */
  spare: Linearization;
  readonly damped: Float64Array;
  readonly step: Float64Array;
  readonly trial: Float64Array;
}

/** Done once a step is shorter than this, rad and m. */
const STEP_TOLERANCE = 1e-10;

/** Longest the steps under a Cauchy loss are stretched. */
const MAX_STRETCH = 2;

export function createRefineWorkspace(): RefineWorkspace {
  return {
    accepted: createLinearization(),
    spare: createLinearization(),
    damped: new Float64Array(36),
    step: new Float64Array(6),
    trial: new Float64Array(12),
    point: new Float64Array(3),
    pixel: new Float64Array(2),
    jacobian: new Float64Array(6),
  };
}

/** Least reprojection error by Levenberg-Marquardt, in pixels of the real (distorted) camera.
 * @param pixels  [n x 2]    @param points [n x 3] world
 * @param indices [count] which rows to use
 * @param pose    [12] row-major 3x4 camFromWorld, read and overwritten (left as it was where no step helps)
 * @returns iterations taken; `ws.accepted` holds the problem as last seen, one last tiny step before the refined pose.
 * Allocates nothing. A correspondence behind the camera costs as much as one very far off and pulls nothing.
 * Source: More 1978 (damping by the diagonal); weights of the losses as iteratively reweighted least squares. */
export function refinePose(
  camera: Camera,
  pixels: Float64Array,
  points: Float64Array,
  indices: Int32Array,
  count: number,
  pose: Float64Array,
  options: RefineOptions,
  ws: RefineWorkspace,
): number {
  const lens = lensOf(camera);
  linearize(lens, pixels, points, indices, count, pose, options, ws, ws.accepted);
  const { tolerance = 0.1 / count, maxIterations } = options;
  const isCauchy = options.loss === 'cauchy';
  let lambda = 1e-4;
  let iterations = 0;
  while (iterations < maxIterations && lambda < 1e8) {
    iterations++;
    if (!solveDamped(ws, lambda, isCauchy)) {
      lambda *= 10;
      continue;
    }
    updateLeft(pose, ws.step, ws.trial);
    if (promisedDecrease(ws) < tolerance * ws.accepted.cost || stepIsTiny(ws.step)) {
      pose.set(ws.trial);
      break;
    }
    linearize(lens, pixels, points, indices, count, ws.trial, options, ws, ws.spare);
    if (ws.spare.cost < ws.accepted.cost) {
      pose.set(ws.trial);
      [ws.accepted, ws.spare] = [ws.spare, ws.accepted];
      lambda = Math.max(1e-12, lambda * 0.1);
    } else lambda *= 10;
  }
  return iterations;
}

/** How much the quadratic model says the step lowers the cost: -g^T step. */
function promisedDecrease({ accepted, step }: RefineWorkspace): number {
  let sum = 0;
  for (let i = 0; i < 6; i++) sum -= accepted.gradient[i] * step[i];
  return sum;
}

function stepIsTiny(step: Float64Array): boolean {
  let square = 0;
  for (let i = 0; i < 6; i++) square += step[i] * step[i];
  return square < STEP_TOLERANCE * STEP_TOLERANCE;
}

/** The step to `ws.step`. Reweighting alone steps short: with the Cauchy loss in two dimensions the cost curves by w^2 on
 * average where J^T W J says w, so that the step is longer by their ratio. Saves about one evaluation in three. */
function solveDamped(ws: RefineWorkspace, lambda: number, isCauchy: boolean): boolean {
  const { hessian, gradient } = ws.accepted;
  ws.damped.set(hessian);
  for (let i = 0; i < 36; i += 7) ws.damped[i] += lambda * hessian[i] + 1e-15;
  for (let i = 0; i < 6; i++) ws.step[i] = -gradient[i];
  if (!factorCholesky(ws.damped, 6)) return false;
  solveCholesky(ws.damped, 6, ws.step);
  const { weights, weights2 } = ws.accepted;
  if (isCauchy) for (let i = 0; i < 6; i++) ws.step[i] *= Math.min(MAX_STRETCH, weights / weights2);
  return true;
}
