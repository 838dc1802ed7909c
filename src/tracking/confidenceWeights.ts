import type { ConfidenceWeights } from './confidence.js';

/** Not fitted yet: undecided where the gate sits, at 15 inliers of 60 in 9 of 64 cells. */
export const CONFIDENCE_WEIGHTS: ConfidenceWeights = { bias: -0.65625, weights: [2.5, 1.5, 2] };
