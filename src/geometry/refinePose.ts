import type { Camera } from '../domain/camera.js';
import { updateLeft } from './poseMatrix.js';
import { type Lens, lensOf, projectWithJacobian } from './projection.js';
import { factorCholesky, solveCholesky } from './symmetric.js';

/** `cauchy`: s^2 log(1 + e^2/s^2).   `truncated`: min(e^2, s^2).   `squared`: e^2. */
export type Loss = 'cauchy' | 'truncated' | 'squared';

export interface RefineOptions {
  readonly loss: Loss;
  /** Scale s of the loss, px; not read for `squared`. */
  readonly scalePx: number;
  readonly maxIterations: number;
}

export interface RefineWorkspace {
  /** Row-major 6x6 J^T W J of the last accepted pose, camFromWorld left perturbation, rotation then translation. */
  readonly hessian: Float64Array;
  readonly damped: Float64Array;
  readonly gradient: Float64Array;
  readonly step: Float64Array;
  readonly trial: Float64Array;
  readonly pixel: Float64Array;
  readonly jacobian: Float64Array;
  /** Filled by the last call. */
  readonly result: RefineResult;
}

export interface RefineResult {
  /** Robust cost, px^2. */
  cost: number;
  /** Sum of weighted squared errors, px^2. */
  weightedSquares: number;
  /** Correspondences in front of the camera. */
  used: number;
  /** Sum of weights. */
  weights: number;
  iterations: number;
}

export function createRefineWorkspace(): RefineWorkspace {
  return {
    hessian: new Float64Array(36),
    damped: new Float64Array(36),
    gradient: new Float64Array(6),
    step: new Float64Array(6),
    trial: new Float64Array(12),
    pixel: new Float64Array(2),
    jacobian: new Float64Array(6),
    result: { cost: 0, weightedSquares: 0, used: 0, weights: 0, iterations: 0 },
  };
}

/** Least reprojection error by Levenberg-Marquardt, in pixels of the real (distorted) camera.
 * @param pixels  [n x 2]    @param points [n x 3] world
 * @param indices [count] which rows to use
 * @param pose    [12] row-major 3x4 camFromWorld, read and overwritten (left as it was where no step helps)
 * @returns `ws.result`. Allocates nothing; a correspondence behind the camera costs s^2 and pulls nothing.
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
): RefineResult {
  const lens = lensOf(camera);
  const result = ws.result;
  linearize(lens, pixels, points, indices, count, pose, options, ws);
  let lambda = 1e-4;
  let iterations = 0;
  for (; iterations < options.maxIterations; iterations++) {
    const cost = result.cost;
    if (!solveDamped(ws, lambda)) {
      lambda *= 10;
      continue;
    }
    updateLeft(pose, ws.step, ws.trial);
    const trialCost = robustCost(lens, pixels, points, indices, count, ws.trial, options, ws);
    if (!(trialCost < cost)) {
      if (stepIsTiny(ws.step, 1e-10) || lambda > 1e8) break;
      lambda *= 10;
      continue;
    }
    pose.set(ws.trial);
    lambda = Math.max(1e-12, lambda * 0.1);
    linearize(lens, pixels, points, indices, count, pose, options, ws);
    if (stepIsTiny(ws.step, 1e-10) || cost - result.cost < 1e-10 * cost) break;
  }
  result.iterations = iterations;
  return result;
}

function stepIsTiny(step: Float64Array, below: number): boolean {
  let square = 0;
  for (let i = 0; i < 6; i++) square += step[i] * step[i];
  return square < below * below;
}

function solveDamped(ws: RefineWorkspace, lambda: number): boolean {
  ws.damped.set(ws.hessian);
  for (let i = 0; i < 36; i += 7) ws.damped[i] += lambda * ws.hessian[i] + 1e-15;
  for (let i = 0; i < 6; i++) ws.step[i] = -ws.gradient[i];
  if (!factorCholesky(ws.damped, 6)) return false;
  solveCholesky(ws.damped, 6, ws.step);
  return true;
}

function lossOf(loss: Loss, square: number, scale2: number): number {
  if (loss === 'cauchy') return scale2 * Math.log1p(square / scale2);
  return loss === 'truncated' && square > scale2 ? scale2 : square;
}

function weightOf(loss: Loss, square: number, scale2: number): number {
  if (loss === 'cauchy') return scale2 / (scale2 + square);
  return loss === 'truncated' && square > scale2 ? 0 : 1;
}

function robustCost(
  lens: Lens,
  pixels: Float64Array,
  points: Float64Array,
  indices: Int32Array,
  count: number,
  m: Float64Array,
  options: RefineOptions,
  ws: RefineWorkspace,
): number {
  const scale2 = options.scalePx * options.scalePx;
  const px = ws.pixel;
  let cost = 0;
  for (let k = 0; k < count; k++) {
    const i = indices[k];
    const x = points[3 * i];
    const y = points[3 * i + 1];
    const z = points[3 * i + 2];
    const isVisible = projectWithJacobian(
      lens,
      m[0] * x + m[1] * y + m[2] * z + m[3],
      m[4] * x + m[5] * y + m[6] * z + m[7],
      m[8] * x + m[9] * y + m[10] * z + m[11],
      px,
      null,
    );
    if (!isVisible) {
      cost += options.loss === 'squared' ? 1e12 : lossOf(options.loss, 1e12, scale2);
      continue;
    }
    const ex = px[0] - pixels[2 * i];
    const ey = px[1] - pixels[2 * i + 1];
    cost += lossOf(options.loss, ex * ex + ey * ey, scale2);
  }
  return cost;
}

/** Fills hessian, gradient and result at pose `m`. */
function linearize(
  lens: Lens,
  pixels: Float64Array,
  points: Float64Array,
  indices: Int32Array,
  count: number,
  m: Float64Array,
  options: RefineOptions,
  ws: RefineWorkspace,
): void {
  const { hessian: h, gradient: g, pixel: px, jacobian: jac, result } = ws;
  const scale2 = options.scalePx * options.scalePx;
  h.fill(0);
  g.fill(0);
  result.cost = 0;
  result.weightedSquares = 0;
  result.used = 0;
  result.weights = 0;
  for (let k = 0; k < count; k++) {
    const i = indices[k];
    const x = points[3 * i];
    const y = points[3 * i + 1];
    const z = points[3 * i + 2];
    const cx = m[0] * x + m[1] * y + m[2] * z + m[3];
    const cy = m[4] * x + m[5] * y + m[6] * z + m[7];
    const cz = m[8] * x + m[9] * y + m[10] * z + m[11];
    if (!projectWithJacobian(lens, cx, cy, cz, px, jac)) {
      result.cost += options.loss === 'squared' ? 1e12 : lossOf(options.loss, 1e12, scale2);
      continue;
    }
    const ex = px[0] - pixels[2 * i];
    const ey = px[1] - pixels[2 * i + 1];
    const square = ex * ex + ey * ey;
    const w = weightOf(options.loss, square, scale2);
    result.cost += lossOf(options.loss, square, scale2);
    result.weightedSquares += w * square;
    result.weights += w;
    result.used++;
    if (w > 0) {
      addRow(h, g, jac[0], jac[1], jac[2], cx, cy, cz, ex, w);
      addRow(h, g, jac[3], jac[4], jac[5], cx, cy, cz, ey, w);
    }
  }
  for (let row = 1; row < 6; row++) for (let col = 0; col < row; col++) h[6 * row + col] = h[6 * col + row];
}

/** Adds one residual with d(residual)/d(point) = (a, b, c). With point' = exp(w) point + v its Jacobian is
 * [point x (a, b, c), (a, b, c)]. Only the upper triangle is kept. */
function addRow(
  h: Float64Array,
  g: Float64Array,
  a: number,
  b: number,
  c: number,
  x: number,
  y: number,
  z: number,
  error: number,
  w: number,
): void {
  const r0 = y * c - z * b;
  const r1 = z * a - x * c;
  const r2 = x * b - y * a;
  const w0 = w * r0;
  const w1 = w * r1;
  const w2 = w * r2;
  const wa = w * a;
  const wb = w * b;
  const wc = w * c;
  h[0] += w0 * r0;
  h[1] += w0 * r1;
  h[2] += w0 * r2;
  h[3] += w0 * a;
  h[4] += w0 * b;
  h[5] += w0 * c;
  h[7] += w1 * r1;
  h[8] += w1 * r2;
  h[9] += w1 * a;
  h[10] += w1 * b;
  h[11] += w1 * c;
  h[14] += w2 * r2;
  h[15] += w2 * a;
  h[16] += w2 * b;
  h[17] += w2 * c;
  h[21] += wa * a;
  h[22] += wa * b;
  h[23] += wa * c;
  h[28] += wb * b;
  h[29] += wb * c;
  h[35] += wc * c;
  g[0] += w0 * error;
  g[1] += w1 * error;
  g[2] += w2 * error;
  g[3] += wa * error;
  g[4] += wb * error;
  g[5] += wc * error;
}
