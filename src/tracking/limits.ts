/** Bounds of the tracking states. Lengths in metres; `limitsFor` scales them where a map has another unit. */
export interface TrackLimits {
  /** How many of the map's units a metre measures. */
  readonly unitM: number;
  /** Longest time between two frames over which the first says something about the second. */
  readonly maxGapS: number;
  /** Guided tracking stands on its own from this many inliers ... */
  readonly strongInliers: number;
  /** ... and this share of its matches. */
  readonly strongRatio: number;
  /** chi-squared of six degrees of freedom at 0.999. */
  readonly maxInnovation: number;
  /** Two fixes agree within the larger of this and three standard deviations. */
  readonly agreeM: number;
  readonly agreeRad: number;
  /** Frames without an agreeing fix after which relocalizing gives up. */
  readonly maxFailures: number;
  readonly maxCoastS: number;
  readonly maxCoastM: number;
  readonly maxCoastFrames: number;
  readonly auditEveryS: number;
  readonly auditEveryFrames: number;
  readonly auditM: number;
  /** Audits in a row that must disagree. */
  readonly auditsToReset: number;
  /** No camera we follow moves faster, or gains more speed. */
  readonly maxSpeedMPerS: number;
  readonly maxAccelerationMPerS2: number;
  readonly motion: MotionNoise;
}

/** What constant velocity may miss. Standard deviations, the camera's own axes. */
export interface MotionNoise {
  /** Of any fix, on top of its own covariance, which knows nothing of the map's errors. */
  readonly fixRad: number;
  readonly fixM: number;
  /** Of the velocity two fixes give. */
  readonly turnRadPerS: number;
  readonly moveMPerS: number;
  /** Of the velocity while only one fix is known. */
  readonly unknownTurnRadPerS: number;
  readonly unknownMoveMPerS: number;
  /** Of the acceleration. */
  readonly turnRadPerS2: number;
  readonly moveMPerS2: number;
}

export const METRIC_LIMITS: TrackLimits = {
  unitM: 1,
  maxGapS: 1,
  strongInliers: 30,
  strongRatio: 0.35,
  maxInnovation: 22.5,
  agreeM: 1,
  agreeRad: (5 * Math.PI) / 180,
  maxFailures: 3,
  maxCoastS: 1.5,
  maxCoastM: 2,
  maxCoastFrames: 10,
  auditEveryS: 5,
  auditEveryFrames: 100,
  auditM: 5,
  auditsToReset: 2,
  maxSpeedMPerS: 40,
  maxAccelerationMPerS2: 10,
  motion: {
    fixRad: 0.004,
    fixM: 0.03,
    turnRadPerS: 0.1,
    moveMPerS: 0.3,
    unknownTurnRadPerS: 0.7,
    unknownMoveMPerS: 5,
    turnRadPerS2: 2,
    moveMPerS2: 4,
  },
};

/** The same bounds where a metre measures `unitM` of the map's units. */
export function limitsFor(unitM: number): TrackLimits {
  const { motion } = METRIC_LIMITS;
  return {
    ...METRIC_LIMITS,
    unitM,
    agreeM: METRIC_LIMITS.agreeM * unitM,
    maxCoastM: METRIC_LIMITS.maxCoastM * unitM,
    auditM: METRIC_LIMITS.auditM * unitM,
    maxSpeedMPerS: METRIC_LIMITS.maxSpeedMPerS * unitM,
    maxAccelerationMPerS2: METRIC_LIMITS.maxAccelerationMPerS2 * unitM,
    motion: {
      ...motion,
      fixM: motion.fixM * unitM,
      moveMPerS: motion.moveMPerS * unitM,
      unknownMoveMPerS: motion.unknownMoveMPerS * unitM,
      moveMPerS2: motion.moveMPerS2 * unitM,
    },
  };
}
