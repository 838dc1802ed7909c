import type { FocalScale, PoseEstimate } from '../domain/outcome.js';
import { CONFIDENCE_WEIGHTS } from './confidenceWeights.js';
import { poseSigma } from './poseSigma.js';

/** What a pose's own evidence says of it: all of an estimate but its confidence. */
export type ConfidenceEvidence = Omit<PoseEstimate, 'confidence'>;

/** A logistic over a few properties of a pose. */
export interface ConfidenceWeights {
  readonly bias: number;
  /** One weight for each number of `confidenceFeatures`, in its order. */
  readonly weights: readonly number[];
}

/** Names of the numbers a pose is judged by. */
export const CONFIDENCE_FEATURES = [
  'log inlier ratio',
  'log inliers',
  'log position doubt',
  'focal doubt',
] as const;

/** Beyond these, more tells no more. */
const MOST_DOUBT_M = 10;
const MOST_SIGMAS = 6;
/** Where the matches say nothing of the focal length. */
const UNKNOWN_FOCAL = { shiftM: 1, sigmas: 1 } as const;

/** The numbers a pose is judged by; each stays finite whatever the evidence. Chance agrees with few of the matches; the
 * covariance and the move a better focal length would bring tell by how much the position may be off, each blind to what
 * the other sees.
 * @param unitM how many of the map's units a metre measures */
export function confidenceFeatures(evidence: ConfidenceEvidence, unitM = 1): number[] {
  const { inliers, inlierRatio, worldFromCam, covariance, focalScale } = evidence;
  const focal = focalScale ? focalDoubt(focalScale, unitM) : UNKNOWN_FOCAL;
  const offM = poseSigma(worldFromCam, covariance).m / unitM;
  const doubtM = Math.min(Math.hypot(offM, focal.shiftM), MOST_DOUBT_M);
  return [
    Math.log(Math.max(inlierRatio, 0.01)),
    Math.log(Math.max(inliers, 1) / 15),
    Math.log(doubtM + 0.01),
    Math.min(focal.sigmas, MOST_SIGMAS),
  ];
}

/** How well a focal length given is known, relative, before the pictures speak. */
const GIVEN_SIGMA = 0.05;

/** Where the matches hardly tell the focal length the one given stands. Of the move only what the matches insist on,
 * beyond two sigma. */
function focalDoubt({ ratio, sigma, shiftM }: FocalScale, unitM: number) {
  const spread = Math.max(sigma / ratio, 1e-9);
  const share = GIVEN_SIGMA ** 2 / (GIVEN_SIGMA ** 2 + spread ** 2);
  const sigmas = (Math.abs(Math.log(ratio)) * Math.sqrt(share)) / spread;
  return { sigmas, shiftM: sigmas > 2 ? ((share * shiftM) / unitM) * (1 - (2 / sigmas) ** 2) : 0 };
}

/** How likely the pose is within 0.5 m and 5 degrees of the truth, 0..1.
 * Source: Platt, "Probabilistic outputs for support vector machines", 1999; weights as fitted by the bench. */
export function poseConfidence(
  evidence: ConfidenceEvidence,
  unitM = 1,
  { bias, weights }: ConfidenceWeights = CONFIDENCE_WEIGHTS,
): number {
  const score = confidenceFeatures(evidence, unitM).reduce((sum, value, i) => sum + weights[i] * value, bias);
  return 1 / (1 + Math.exp(-score));
}

/** The thresholds the confidence speaks of. */
export const CONFIDENT_WITHIN = { m: 0.5, rad: (5 * Math.PI) / 180 } as const;

/** Confidence of a predicted pose: that of the last fix times how likely the prediction has not left the thresholds
 * since, were its error normal along the worst direction.
 * @param last      confidence of the last fix
 * @param sigmaM    standard deviation of the predicted position, worst direction
 * @param sigmaRad  standard deviation of the predicted rotation, worst axis */
export function coastedConfidence(last: number, sigmaM: number, sigmaRad: number): number {
  return last * within(CONFIDENT_WITHIN.m, sigmaM) * within(CONFIDENT_WITHIN.rad, sigmaRad);
}

/** Share of a normal distribution within +-limit. */
const within = (limit: number, sigma: number) =>
  sigma > 0 ? errorFunction(limit / (sigma * Math.SQRT2)) : 1;

/** For x >= 0, to 2.5e-5. Source: Abramowitz and Stegun, 7.1.25. */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.47047 * x);
  return 1 - t * (0.3480242 + t * (-0.0958798 + t * 0.7478556)) * Math.exp(-x * x);
}
