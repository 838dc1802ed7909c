import { factorChain, lastCovariance, solveChain } from '../geometry/blockTridiagonal.js';
import { POSE_NUMBERS, updateRightAt } from '../geometry/poseChain.js';
import type { PoseWindow, SolvedWindow } from './window.js';
import { startFromBestFix } from './windowAnchor.js';
import { linearizeWindow, loadWindow, measureFixes, type WindowWorkspace } from './windowProblem.js';

export interface WindowSolution extends SolvedWindow {
  /** Of the newest pose: row-major 6x6, right perturbation, rotation (rad) then translation (m). */
  readonly covariance: Float64Array;
  /** Frames whose fixes agree with the poses, those that have left the window included. */
  readonly support: number;
  /** Fixes in the window, agreeing or not. */
  readonly fixes: number;
  readonly agreeing: number;
}

/** chi^2 with six degrees of freedom at 0.999: beyond it a fix is another place's. */
export const GATE_SQUARED = 22.458;
/** Truncation is wide at first and closes in: 14 times the gate, divided by 1.4 (Sarlin et al., LaMAR, ECCV 2022). */
const WIDEST = 14;
const CLOSING = 1.4;
const MAX_FINAL_STEPS = 5;
/** Done once a step is shorter than this in every number, rad and m: a Newton step leaves about the square of its own
 * length (on recordings, steps of 1e-7 to 6e-5 were followed by steps of 1e-12 to 4e-8). */
const STEP_TOLERANCE = 1e-4;

/** The poses of a window that its motions and those of its fixes that agree make most likely: truncated least squares over
 * fixes with graduated non-convexity, Gauss-Newton on the chain. O(n), allocates only the result.
 * @returns null where there is no fix, or the system cannot be solved
 * Source: Yang et al., "Graduated Non-Convexity for Robust Spatial Perception", RA-L 2020 (weights of truncated least
 * squares); Xue et al., "Local Supports Global", ICCV 2019 (motions and global estimates in one graph). */
export function solveWindow(window: PoseWindow, ws: WindowWorkspace): WindowSolution | null {
  loadWindow(window, ws);
  if (ws.fixes === 0) return null;
  startFromBestFix(ws, GATE_SQUARED);
  if (!descend(ws)) return null;
  return solution(window, ws);
}

function descend(ws: WindowWorkspace): boolean {
  // bends the chain to the fixes it started with: what a drift explains is no outlier
  if (stepOnce(ws) === null) return false;
  for (let scale = allAgree(ws) ? 1 : WIDEST; scale > 1; scale /= CLOSING) {
    const isDecided = weighFixes(ws, scale);
    if (stepOnce(ws) === null) return false;
    if (isDecided) break;
  }
  for (let step = 0; step < MAX_FINAL_STEPS; step++) {
    weighFixes(ws, 1);
    const length = stepOnce(ws);
    if (length === null) return false;
    if (length < STEP_TOLERANCE) break;
  }
  return true;
}

/** Where all fixes were in and stay in, there is nothing to decide: closing in slowly would end where it began. */
function allAgree(ws: WindowWorkspace): boolean {
  for (let fix = 0; fix < ws.fixes; fix++) if (ws.weights[fix] !== 1) return false;
  weighFixes(ws, 1);
  for (let fix = 0; fix < ws.fixes; fix++) if (ws.weights[fix] !== 1) return false;
  return true;
}

/** Weights of truncated least squares whose truncation is smeared from gate / scale to gate * scale.
 * @returns whether every fix is either all in or all out */
function weighFixes(ws: WindowWorkspace, scale: number): boolean {
  measureFixes(ws);
  let isDecided = true;
  for (let fix = 0; fix < ws.fixes; fix++) {
    const sigmas = Math.sqrt(ws.squares[fix] / GATE_SQUARED);
    ws.weights[fix] =
      sigmas * scale <= 1 ? 1 : sigmas >= scale ? 0 : (scale / sigmas - 1) / (scale * scale - 1);
    if (ws.weights[fix] > 0 && ws.weights[fix] < 1) isDecided = false;
  }
  return isDecided;
}

/** One Gauss-Newton step of all poses. @returns its largest number, null where the system is singular */
function stepOnce(ws: WindowWorkspace): number | null {
  const { system, count, poses } = ws;
  linearizeWindow(ws);
  if (!factorChain(system, count)) return null;
  solveChain(system, count);
  let longest = 0;
  for (let i = 0; i < 6 * count; i++) longest = Math.max(longest, Math.abs(system.vector[i]));
  for (let node = 0; node < count; node++) updateRightAt(poses, POSE_NUMBERS * node, system.vector, 6 * node);
  return longest;
}

function solution({ nodes, prior }: PoseWindow, ws: WindowWorkspace): WindowSolution | null {
  const { count, fixes, weights, fixNode } = ws;
  const covariance = lastCovariance(ws.system, count);
  if (!covariance.every(Number.isFinite)) return null;
  const fixAgrees = new Uint8Array(count);
  const own = prior === null ? fixes : fixes - 1;
  let agreeing = 0;
  for (let fix = 0; fix < own; fix++) {
    fixAgrees[fixNode[fix]] = weights[fix] > 0 ? 1 : 0;
    agreeing += fixAgrees[fixNode[fix]];
  }
  const priorAgrees = prior !== null && weights[fixes - 1] > 0;
  return {
    poses: ws.poses.slice(0, POSE_NUMBERS * count),
    covariance,
    fixAgrees,
    priorAgrees,
    agreeing,
    fixes: nodes.filter(({ fix }) => fix !== null).length,
    support: agreeing + (priorAgrees ? prior.support : 0),
  };
}
