/** What a pose's own evidence says of it, 0..1, growing with inliers, coverage and agreement.
 * A logistic over log-inliers and coverage, anchored where the gate sits: at 15 inliers in 9 of 64 cells, where wrong
 * poses were last seen, it says 0.5. It orders poses; it is not yet fitted to measured errors. */
export function poseConfidence(inliers: number, coverage: number, inlierRatio: number): number {
  const score =
    2.5 * Math.log(Math.max(inliers, 1) / 15) + 2 * (coverage - 9 / 64) + 1.5 * (inlierRatio - 0.25);
  return 1 / (1 + Math.exp(-score));
}
