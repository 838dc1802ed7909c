import { angleBetween, distanceBetween } from '../geometry/rigid.js';
import { nearestPose } from '../map/trajectory.js';
import type { TimedPose } from '../map/tum.js';
import { quantile } from './eval/quantile.js';

/** A pose is within it where both hold. */
export interface Threshold {
  readonly m: number;
  readonly deg: number;
}

/** The field's usual recall thresholds: fine, medium, coarse (Sattler et al., CVPR 2018). */
export const RECALL_THRESHOLDS: readonly Threshold[] = [
  { m: 0.25, deg: 2 },
  { m: 0.5, deg: 5 },
  { m: 5, deg: 10 },
];

/** Posed beyond this is called wrong, whatever other thresholds are asked for. */
const COARSEST = RECALL_THRESHOLDS[RECALL_THRESHOLDS.length - 1];

export interface PoseError {
  readonly timeS: number;
  readonly errorM: number;
  readonly errorDeg: number;
}

export interface Recall extends Threshold {
  readonly count: number;
  readonly fraction: number;
}

export interface Evaluation {
  /** Reference poses asked for. */
  readonly queries: number;
  /** Those with an estimate. */
  readonly posed: number;
  readonly recall: readonly Recall[];
  /** Posed, but beyond 5 m or 10 degrees. */
  readonly wrong: number;
  /** Over posed queries; null when there is none. */
  readonly medianErrorM: number | null;
  readonly medianErrorDeg: number | null;
  readonly p95ErrorM: number | null;
  readonly p95ErrorDeg: number | null;
  readonly maxErrorM: number | null;
  readonly maxErrorDeg: number | null;
  readonly errors: readonly PoseError[];
}

/** A reference pose and the estimate of the same moment. */
export interface Pair<T extends TimedPose> {
  readonly truth: TimedPose;
  readonly estimate: T;
}

/** Holds estimates against reference poses of the same time; a query without estimate counts against recall.
 * @param toleranceS  largest difference of two timestamps that mean the same frame */
export function evaluate(
  estimates: readonly TimedPose[],
  reference: readonly TimedPose[],
  toleranceS: number,
  thresholds: readonly Threshold[] = RECALL_THRESHOLDS,
): Evaluation {
  const errors = pairPoses(estimates, reference, toleranceS).map(poseError);
  const count = (threshold: Threshold) => errors.filter((error) => isWithin(error, threshold)).length;
  const errorsM = errors.map(({ errorM }) => errorM);
  const errorsDeg = errors.map(({ errorDeg }) => errorDeg);
  return {
    queries: reference.length,
    posed: errors.length,
    recall: thresholds.map((threshold) => ({
      ...threshold,
      count: count(threshold),
      fraction: reference.length === 0 ? 0 : count(threshold) / reference.length,
    })),
    wrong: errors.length - count(COARSEST),
    medianErrorM: quantile(errorsM, 0.5),
    medianErrorDeg: quantile(errorsDeg, 0.5),
    p95ErrorM: quantile(errorsM, 0.95),
    p95ErrorDeg: quantile(errorsDeg, 0.95),
    maxErrorM: quantile(errorsM, 1),
    maxErrorDeg: quantile(errorsDeg, 1),
    errors,
  };
}

/** Reference poses that have an estimate within `toleranceS`, in the reference's order, each with the nearest. */
export function pairPoses<T extends TimedPose>(
  estimates: readonly T[],
  reference: readonly TimedPose[],
  toleranceS: number,
): Pair<T>[] {
  const sorted = [...estimates].sort((a, b) => a.timeS - b.timeS);
  return reference.flatMap((truth) => {
    const estimate = nearestPose(sorted, truth.timeS, toleranceS);
    return estimate === null ? [] : [{ truth, estimate: estimate as T }];
  });
}

/** Distance of the camera centres and angle between the orientations. */
export const poseError = ({ truth, estimate }: Pair<TimedPose>): PoseError => ({
  timeS: truth.timeS,
  errorM: distanceBetween(estimate.worldFromCam, truth.worldFromCam),
  errorDeg: (angleBetween(estimate.worldFromCam, truth.worldFromCam) * 180) / Math.PI,
});

export const isWithin = ({ errorM, errorDeg }: PoseError, { m, deg }: Threshold): boolean =>
  errorM <= m && errorDeg <= deg;
