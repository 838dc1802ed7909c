import type { WorldFromCam } from '../domain/rigid.js';
import { transport } from '../geometry/covariance.js';
import { adjoint } from '../geometry/poseMatrix.js';
import {
  angleBetween,
  compose,
  distanceBetween,
  exp,
  inverse,
  log,
  writeMatrix3x4,
} from '../geometry/rigid.js';
import { factorCholesky, solveCholesky } from '../geometry/symmetric.js';
import type { MotionNoise, TrackLimits } from './limits.js';
import { poseSigma } from './poseSigma.js';

/** [rotation rad/s, translation m/s] in the camera's own axes. */
export type Twist = readonly [number, number, number, number, number, number];

/** A camera that moves on as it did. */
export interface Moving {
  readonly worldFromCam: WorldFromCam;
  /** As of `PoseEstimate`. */
  readonly covariance: Float64Array;
  /** Null while only one fix is known. */
  readonly twist: Twist | null;
  readonly timestampS: number;
}

export interface Expected {
  readonly worldFromCam: WorldFromCam;
  readonly covariance: Float64Array;
}

/** Where the camera should be: constant velocity on SE(3) over the real time between frames, T exp(twist dt). The
 * covariance grows by the velocity's and the acceleration's share in the way moved. */
export function predict(moving: Moving, timestampS: number, noise: MotionNoise): Expected {
  const dtS = timestampS - moving.timestampS;
  const step = moving.twist?.map((v) => v * dtS);
  const worldFromCam =
    step === undefined ? moving.worldFromCam : compose(moving.worldFromCam, exp<'cam', 'cam'>(step));
  const known = moving.twist !== null;
  const rad = reach(dtS, known ? noise.turnRadPerS : noise.unknownTurnRadPerS, noise.turnRadPerS2);
  const m = reach(dtS, known ? noise.moveMPerS : noise.unknownMoveMPerS, noise.moveMPerS2);
  return { worldFromCam, covariance: add(moving.covariance, inWorld(worldFromCam, rad, m)) };
}

const reach = (dtS: number, speed: number, acceleration: number) =>
  Math.hypot(speed * dtS, 0.5 * acceleration * dtS * dtS);

/** A fix's covariance with the share that it does not know of; null is unknown, and then that share is all. */
export function widen(
  worldFromCam: WorldFromCam,
  covariance: Float64Array | null,
  { fixRad, fixM }: MotionNoise,
): Float64Array {
  const floor = inWorld(worldFromCam, fixRad, fixM);
  return covariance === null ? floor : add(covariance, floor);
}

/** Share of the newest velocity in the one kept: two fixes a short time apart tell it badly. */
const NEWEST = 0.7;
/** Below this two fixes tell nothing of velocity. */
const MIN_INTERVAL_S = 1e-3;

/** The velocity after a fix, from the one before it. */
export function nextTwist(before: Moving, worldFromCam: WorldFromCam, timestampS: number): Twist | null {
  const dtS = timestampS - before.timestampS;
  if (dtS < MIN_INTERVAL_S) return before.twist;
  const measured = log(compose(inverse(before.worldFromCam), worldFromCam)).map((v) => v / dtS);
  const { twist } = before;
  if (twist !== null) for (let i = 0; i < 6; i++) measured[i] += (1 - NEWEST) * (twist[i] - measured[i]);
  return measured as unknown as Twist;
}

/** Squared Mahalanobis distance of a pose from where it was expected; chi-squared of six where both are right. */
export function innovation(expected: Expected, worldFromCam: WorldFromCam, covariance: Float64Array): number {
  const camFromWorld = inverse(expected.worldFromCam);
  const offset = Float64Array.from(log(compose(camFromWorld, worldFromCam)));
  const intoCam = adjoint(writeMatrix3x4(camFromWorld, new Float64Array(12)));
  const spread = transport(intoCam, add(expected.covariance, covariance));
  if (!factorCholesky(spread, 6)) return Number.POSITIVE_INFINITY;
  const weighted = offset.slice();
  solveCholesky(spread, 6, weighted);
  return weighted.reduce((sum, v, i) => sum + v * offset[i], 0);
}

/** Whether a pose is where it was expected, as people would say: within a length and an angle, or three sigma. */
export function isNear(
  expected: Expected,
  worldFromCam: WorldFromCam,
  { agreeM, agreeRad }: TrackLimits,
): boolean {
  const sigma = poseSigma(expected.worldFromCam, expected.covariance);
  return (
    distanceBetween(expected.worldFromCam, worldFromCam) <= Math.max(agreeM, 3 * sigma.m) &&
    angleBetween(expected.worldFromCam, worldFromCam) <= Math.max(agreeRad, 3 * sigma.rad)
  );
}

/** Isotropic uncertainty in the camera's axes as a left perturbation of worldFromCam: with [t] the cross product of its
 * place, A diag(a I, b I) A^T = (a I, -a [t]; a [t], b I - a [t][t]), whatever the rotation. */
function inWorld({ t }: WorldFromCam, rad: number, m: number): Float64Array {
  const [a, b] = [rad * rad, m * m];
  const [x, y, z] = t;
  const out = new Float64Array(36);
  for (let i = 0; i < 3; i++) {
    out[7 * i] = a;
    out[7 * (i + 3)] = b + a * (x * x + y * y + z * z);
    for (let j = 0; j < 3; j++) out[6 * (i + 3) + j + 3] -= a * t[i] * t[j];
  }
  const cross = [0, -z, y, z, 0, -x, -y, x, 0];
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      out[6 * (i + 3) + j] = a * cross[3 * i + j];
      out[6 * j + i + 3] = a * cross[3 * i + j];
    }
  return out;
}

const add = (a: Float64Array, b: Float64Array) => a.map((v, i) => v + b[i]);
