import type { SequentialTest } from './poseScore.js';

/** Chance that a correspondence agrees with a wrong pose; a few in a hundred with a generous threshold. */
const CHANCE_AGREEMENT = 0.02;
/** Inlier ratio assumed before any pose was found. */
const FIRST_RATIO = 0.08;
/** A P3P sample costs about as much as this many rows of scoring, per pose it yields. */
const SAMPLE_COST_ROWS = 60;

export function createTest(): SequentialTest {
  return { logConsistent: 0, logInconsistent: 0, logBound: Number.POSITIVE_INFINITY };
}

/** Sets the test for the inlier ratio known so far; off where few rows make it worthless.
 * Source: Matas and Chum, "Randomized RANSAC with Sequential Probability Ratio Test", ICCV 2005, eqs. 5 and 12. */
export function retuneTest(test: SequentialTest, bestInliers: number, count: number): void {
  const good = Math.min(0.98, Math.max(FIRST_RATIO, bestInliers / count));
  const bad = Math.min(CHANCE_AGREEMENT, good / 3);
  test.logConsistent = Math.log(bad / good);
  test.logInconsistent = Math.log((1 - bad) / (1 - good));
  const perRow = (1 - bad) * test.logInconsistent + bad * test.logConsistent;
  const k = SAMPLE_COST_ROWS * perRow + 1;
  let bound = k;
  for (let i = 0; i < 10; i++) bound = k + Math.log(bound);
  test.logBound = Math.log(Math.max(bound, 20));
}
