import { angleBetween, distanceBetween } from '../geometry/rigid.js';
import { nearestPose } from '../map/trajectory.js';
import type { TimedPose } from '../map/tum.js';

/** The field's usual recall thresholds: fine, medium, coarse (Sattler et al., CVPR 2018). */
export const RECALL_THRESHOLDS = [
  { m: 0.25, deg: 2 },
  { m: 0.5, deg: 5 },
  { m: 5, deg: 10 },
] as const;

export interface PoseError {
  readonly timeS: number;
  readonly errorM: number;
  readonly errorDeg: number;
}

export interface Evaluation {
  /** Reference poses asked for. */
  readonly queries: number;
  /** Those with an estimate. */
  readonly posed: number;
  readonly recall: readonly {
    readonly m: number;
    readonly deg: number;
    readonly count: number;
    readonly fraction: number;
  }[];
  /** Posed, but beyond the coarsest threshold. */
  readonly wrong: number;
  /** Over posed queries; null when there is none. */
  readonly medianErrorM: number | null;
  readonly medianErrorDeg: number | null;
  readonly maxErrorM: number | null;
  readonly maxErrorDeg: number | null;
  readonly errors: readonly PoseError[];
}

/** Holds estimates against reference poses of the same time; a query without estimate counts against recall.
 * @param toleranceS  largest difference of two timestamps that mean the same frame */
export function evaluate(
  estimates: readonly TimedPose[],
  reference: readonly TimedPose[],
  toleranceS: number,
): Evaluation {
  const sorted = [...estimates].sort((a, b) => a.timeS - b.timeS);
  const errors = reference.flatMap((truth) => {
    const estimate = nearestPose(sorted, truth.timeS, toleranceS);
    return estimate === null ? [] : [poseError(estimate, truth)];
  });
  const within = (m: number, deg: number) => errors.filter((e) => e.errorM <= m && e.errorDeg <= deg).length;
  const coarsest = RECALL_THRESHOLDS[RECALL_THRESHOLDS.length - 1];
  return {
    queries: reference.length,
    posed: errors.length,
    recall: RECALL_THRESHOLDS.map(({ m, deg }) => {
      const count = within(m, deg);
      return { m, deg, count, fraction: reference.length === 0 ? 0 : count / reference.length };
    }),
    wrong: errors.length - within(coarsest.m, coarsest.deg),
    medianErrorM: quantile(
      errors.map((e) => e.errorM),
      0.5,
    ),
    medianErrorDeg: quantile(
      errors.map((e) => e.errorDeg),
      0.5,
    ),
    maxErrorM: quantile(
      errors.map((e) => e.errorM),
      1,
    ),
    maxErrorDeg: quantile(
      errors.map((e) => e.errorDeg),
      1,
    ),
    errors,
  };
}

const poseError = (estimate: TimedPose, truth: TimedPose): PoseError => ({
  timeS: truth.timeS,
  errorM: distanceBetween(estimate.worldFromCam, truth.worldFromCam),
  errorDeg: (angleBetween(estimate.worldFromCam, truth.worldFromCam) * 180) / Math.PI,
});

/** Linear between order statistics; null for no values. */
export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}
