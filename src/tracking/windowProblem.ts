import { type ChainSystem, createChainSystem } from '../geometry/blockTridiagonal.js';
import {
  adjointOfInverseAt,
  logAt,
  POSE_NUMBERS,
  relativeAt,
  rightJacobianInverse,
} from '../geometry/poseChain.js';
import { type PoseWindow, WINDOW_FRAMES, type WindowFix } from './window.js';

/** A window laid out for the solver. Nothing below allocates once it is made. */
export interface WindowWorkspace {
  count: number;
  /** [n x 7] */
  readonly poses: Float64Array;
  /** [n x 7] previousFromCurrent; row 0 unused. */
  readonly motions: Float64Array;
  readonly motionInformation: Float64Array;
  /** The prior, where there is one, stands last. */
  fixes: number;
  readonly fixNode: Int32Array;
  readonly fixPoses: Float64Array;
  readonly fixInformation: Float64Array;
  /** [m] 0..1 */
  readonly weights: Float64Array;
  /** [m] squared Mahalanobis length of each fix's residual. */
  readonly squares: Float64Array;
  /** Variances of rotation and translation, the mean of three axes: [2m] of fixes, [2n] of motions. */
  readonly fixSpread: Float64Array;
  readonly motionSpread: Float64Array;
  readonly system: ChainSystem;
  readonly difference: Float64Array;
  readonly residual: Float64Array;
  readonly jacobian: Float64Array;
  readonly weighted: Float64Array;
  readonly normal: Float64Array;
  readonly carried: Float64Array;
  readonly gradient: Float64Array;
  readonly adjoint: Float64Array;
  readonly chain: Float64Array;
  /** [2n] variances of rotation and translation from the first node on. */
  readonly chainSpread: Float64Array;
}

const MAX_FIXES = WINDOW_FRAMES + 1;

export function createWindowWorkspace(): WindowWorkspace {
  return {
    count: 0,
    poses: new Float64Array(POSE_NUMBERS * WINDOW_FRAMES),
    motions: new Float64Array(POSE_NUMBERS * WINDOW_FRAMES),
    motionInformation: new Float64Array(36 * WINDOW_FRAMES),
    fixes: 0,
    fixNode: new Int32Array(MAX_FIXES),
    fixPoses: new Float64Array(POSE_NUMBERS * MAX_FIXES),
    fixInformation: new Float64Array(36 * MAX_FIXES),
    weights: new Float64Array(MAX_FIXES),
    squares: new Float64Array(MAX_FIXES),
    fixSpread: new Float64Array(2 * MAX_FIXES),
    motionSpread: new Float64Array(2 * WINDOW_FRAMES),
    system: createChainSystem(6, WINDOW_FRAMES),
    difference: new Float64Array(POSE_NUMBERS),
    residual: new Float64Array(6),
    jacobian: new Float64Array(36),
    weighted: new Float64Array(36),
    normal: new Float64Array(36),
    carried: new Float64Array(36),
    gradient: new Float64Array(6),
    adjoint: new Float64Array(36),
    chain: new Float64Array(POSE_NUMBERS * WINDOW_FRAMES),
    chainSpread: new Float64Array(2 * WINDOW_FRAMES),
  };
}

export function loadWindow({ nodes, prior }: PoseWindow, ws: WindowWorkspace): void {
  ws.count = nodes.length;
  ws.fixes = 0;
  nodes.forEach(({ motion, fix }, node) => {
    if (motion !== null) {
      ws.motions.set(motion.pose, POSE_NUMBERS * node);
      ws.motionInformation.set(motion.information, 36 * node);
      writeSpread(motion.covariance, ws.motionSpread, node);
    }
    if (fix !== null) loadFix(fix, node, ws);
  });
  if (prior !== null) loadFix(prior, 0, ws);
}

function loadFix(fix: WindowFix, node: number, ws: WindowWorkspace): void {
  const at = ws.fixes++;
  ws.fixNode[at] = node;
  ws.fixPoses.set(fix.pose, POSE_NUMBERS * at);
  ws.fixInformation.set(fix.information, 36 * at);
  writeSpread(fix.covariance, ws.fixSpread, at);
}

function writeSpread(covariance: Float64Array, out: Float64Array, at: number): void {
  out[2 * at] = (covariance[0] + covariance[7] + covariance[14]) / 3;
  out[2 * at + 1] = (covariance[21] + covariance[28] + covariance[35]) / 3;
}

/** Squared lengths of the fixes' residuals at the present poses. */
export function measureFixes(ws: WindowWorkspace): void {
  for (let fix = 0; fix < ws.fixes; fix++) {
    fixResidual(fix, ws);
    ws.squares[fix] = quadratic(ws.fixInformation, 36 * fix, ws.residual);
  }
}

function fixResidual(fix: number, ws: WindowWorkspace): void {
  relativeAt(ws.fixPoses, POSE_NUMBERS * fix, ws.poses, POSE_NUMBERS * ws.fixNode[fix], ws.difference, 0);
  logAt(ws.difference, 0, ws.residual);
}

function quadratic(information: Float64Array, at: number, r: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < 6; i++) for (let j = 0; j < 6; j++) sum += information[at + 6 * i + j] * r[i] * r[j];
  return sum;
}

/** Normal equations of sum |Log(dT^-1 T_i^-1 T_j)|^2 + sum w |Log(F^-1 T)|^2 in right perturbations, right side
 * -J^T W r. */
export function linearizeWindow(ws: WindowWorkspace): void {
  const { system, count } = ws;
  system.diagonal.fill(0, 0, 36 * count);
  system.below.fill(0, 0, 36 * count);
  system.vector.fill(0, 0, 6 * count);
  for (let fix = 0; fix < ws.fixes; fix++) if (ws.weights[fix] > 0) addFix(fix, ws);
  for (let node = 1; node < count; node++) addMotion(node, ws);
}

function addFix(fix: number, ws: WindowWorkspace): void {
  const { jacobian, weighted, system, weights, fixNode } = ws;
  fixResidual(fix, ws);
  rightJacobianInverse(ws.residual, jacobian);
  weigh(ws.fixInformation, 36 * fix, weights[fix], jacobian, weighted);
  addSymmetric(weighted, jacobian, system.diagonal, 36 * fixNode[fix]);
  addGradient(weighted, ws.residual, system.vector, 6 * fixNode[fix]);
}

/** T_j moves the residual by J, T_i by -J A with A = Ad((T_i^-1 T_j)^-1): with N = J^T W J the blocks are N, -N A and
 * A^T N A, and the right sides -J^T W r and A^T J^T W r. */
function addMotion(node: number, ws: WindowWorkspace): void {
  const { jacobian, weighted, normal, carried, gradient, adjoint, system, poses, residual } = ws;
  const at = POSE_NUMBERS * node;
  relativeAt(poses, at - POSE_NUMBERS, poses, at, moved, 0);
  relativeAt(ws.motions, at, moved, 0, ws.difference, 0);
  logAt(ws.difference, 0, residual);
  rightJacobianInverse(residual, jacobian);
  adjointOfInverseAt(moved, 0, adjoint);
  weigh(ws.motionInformation, 36 * node, 1, jacobian, weighted);
  normal.fill(0);
  addSymmetric(weighted, jacobian, normal, 0);
  mirror(normal);
  multiply(normal, adjoint, carried);
  gradient.fill(0);
  addGradient(weighted, residual, gradient, 0);
  for (let i = 0; i < 36; i++) {
    system.diagonal[36 * node + i] += normal[i];
    system.below[36 * node + i] -= carried[i];
  }
  addSymmetric(adjoint, carried, system.diagonal, 36 * (node - 1));
  for (let i = 0; i < 6; i++) {
    system.vector[6 * node + i] += gradient[i];
    for (let k = 0; k < 6; k++) system.vector[6 * (node - 1) + i] -= adjoint[6 * k + i] * gradient[k];
  }
}

const moved = new Float64Array(POSE_NUMBERS);

/** out = w Omega J */
function weigh(information: Float64Array, at: number, w: number, j: Float64Array, out: Float64Array): void {
  for (let row = 0; row < 6; row++)
    for (let column = 0; column < 6; column++) {
      let sum = 0;
      for (let k = 0; k < 6; k++) sum += information[at + 6 * row + k] * j[6 * k + column];
      out[6 * row + column] = w * sum;
    }
}

/** The lower triangle of out += A^T B, where the product is symmetric. */
function addSymmetric(a: Float64Array, b: Float64Array, out: Float64Array, at: number): void {
  for (let row = 0; row < 6; row++)
    for (let column = 0; column <= row; column++) {
      let sum = 0;
      for (let k = 0; k < 6; k++) sum += a[6 * k + row] * b[6 * k + column];
      out[at + 6 * row + column] += sum;
    }
}

/** Copies the lower triangle to the upper. */
function mirror(a: Float64Array): void {
  for (let row = 0; row < 6; row++)
    for (let column = row + 1; column < 6; column++) a[6 * row + column] = a[6 * column + row];
}

/** out = A B */
function multiply(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let row = 0; row < 6; row++)
    for (let column = 0; column < 6; column++) {
      let sum = 0;
      for (let k = 0; k < 6; k++) sum += a[6 * row + k] * b[6 * k + column];
      out[6 * row + column] = sum;
    }
}

/** out -= A^T r */
function addGradient(a: Float64Array, r: Float64Array, out: Float64Array, at: number): void {
  for (let row = 0; row < 6; row++) for (let k = 0; k < 6; k++) out[at + row] -= a[6 * k + row] * r[k];
}
