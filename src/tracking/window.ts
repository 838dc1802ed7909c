import type { Rigid, WorldFromCam } from '../domain/rigid.js';
import { transport } from '../geometry/covariance.js';
import {
  adjointOfInverseAt,
  composeAt,
  logAt,
  POSE_NUMBERS,
  relativeAt,
  updateRightAt,
} from '../geometry/poseChain.js';
import { factorCholesky, invertSymmetric, solveCholesky } from '../geometry/symmetric.js';

/** A measured pose [tx ty tz qx qy qz qw] and how sure it is, ready for the solver. */
export interface Measurement {
  readonly pose: Float64Array;
  /** Row-major 6x6, right perturbation, rotation (rad) then translation (m). */
  readonly covariance: Float64Array;
  readonly information: Float64Array;
}

/** A map fix of one frame, or what older frames say of the window's first one. */
export interface WindowFix extends Measurement {
  /** How many frames' fixes are in it. */
  readonly support: number;
}

/** One frame. */
export interface WindowNode {
  readonly timestampS: number;
  /** previousFromCurrent; null for the first. */
  readonly motion: Measurement | null;
  readonly fix: WindowFix | null;
}

/** The last frames of one camera, oldest first, with no gap between them. */
export interface PoseWindow {
  readonly nodes: readonly WindowNode[];
  /** What frames that left the window say of its oldest one. */
  readonly prior: WindowFix | null;
}

/** What the solver found for each frame of a window. */
export interface SolvedWindow {
  /** [n x 7] */
  readonly poses: Float64Array;
  /** [n] whether the frame's fix agrees. */
  readonly fixAgrees: Uint8Array;
  readonly priorAgrees: boolean;
}

export const WINDOW_FRAMES = 20;
export const EMPTY_WINDOW: PoseWindow = { nodes: [], prior: null };

/** A map fix. @param covariance 6x6 left perturbation of worldFromCam, as poses are published; positive definite */
export function windowFix({ q, t }: WorldFromCam, covariance: Float64Array): WindowFix | null {
  const pose = Float64Array.of(...t, ...q);
  const toRight = new Float64Array(36);
  adjointOfInverseAt(pose, 0, toRight);
  const measured = measurement(pose, transport(toRight, covariance));
  return measured === null ? null : { ...measured, support: 1 };
}

/** A motion. @param covariance 6x6 right perturbation of previousFromCurrent */
export function windowMotion({ q, t }: Rigid<'cam', 'cam'>, covariance: Float64Array): Measurement | null {
  return measurement(Float64Array.of(...t, ...q), covariance);
}

function measurement(pose: Float64Array, covariance: Float64Array): Measurement | null {
  const information = invertSymmetric(covariance, 6);
  if (information === null || !information.every(Number.isFinite) || !pose.every(Number.isFinite))
    return null;
  return { pose, covariance, information };
}

/** The window with one more frame. Beyond `WINDOW_FRAMES` the oldest leaves; what it knew stays as the prior of the next.
 * @param solved of the window as it was; null keeps no memory of the frame that leaves */
export function pushNode(window: PoseWindow, solved: SolvedWindow | null, node: WindowNode): PoseWindow {
  const nodes = [...window.nodes, node];
  if (nodes.length <= WINDOW_FRAMES) return { nodes, prior: window.prior };
  return { nodes: nodes.slice(1), prior: solved === null ? null : marginalPrior(window, solved) };
}

/** What the oldest frame's agreeing fix and prior say of the second: joined, and carried along the motion between them. */
function marginalPrior({ nodes, prior }: PoseWindow, solved: SolvedWindow): WindowFix | null {
  const motion = nodes[1].motion;
  const believed = [
    solved.priorAgrees ? prior : null,
    solved.fixAgrees[0] === 1 ? nodes[0].fix : null,
  ].filter((fix) => fix !== null);
  const oldest = joinFixes(believed, solved.poses.subarray(0, POSE_NUMBERS));
  if (motion === null || oldest === null) return null;
  const pose = new Float64Array(POSE_NUMBERS);
  composeAt(oldest.pose, 0, motion.pose, 0, pose, 0);
  const carry = new Float64Array(36);
  adjointOfInverseAt(motion.pose, 0, carry);
  const carried = transport(carry, oldest.covariance);
  const moved = measurement(
    pose,
    carried.map((v, i) => v + motion.covariance[i]),
  );
  return moved === null ? null : { ...moved, support: oldest.support };
}

/** One Gauss-Newton step from a pose close by. */
function joinFixes(fixes: readonly WindowFix[], near: Float64Array): WindowFix | null {
  if (fixes.length === 0) return null;
  const information = new Float64Array(36);
  const step = new Float64Array(6);
  const [difference, residual] = [new Float64Array(POSE_NUMBERS), new Float64Array(6)];
  for (const fix of fixes) {
    relativeAt(fix.pose, 0, near, 0, difference, 0);
    logAt(difference, 0, residual);
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) {
        information[6 * i + j] += fix.information[6 * i + j];
        step[i] -= fix.information[6 * i + j] * residual[j];
      }
  }
  const covariance = invertSymmetric(information, 6);
  const factor = information.slice();
  if (covariance === null || !factorCholesky(factor, 6)) return null;
  solveCholesky(factor, 6, step);
  const pose = near.slice();
  updateRightAt(pose, 0, step, 0);
  return { pose, covariance, information, support: fixes.reduce((sum, { support }) => sum + support, 0) };
}
