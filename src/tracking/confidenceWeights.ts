import type { ConfidenceWeights } from './confidence.js';

/** Fitted by `npm run bench:calibrate -- --write`. In the order of CONFIDENCE_FEATURES. */
export const CONFIDENCE_WEIGHTS: ConfidenceWeights = { bias: 1.87, weights: [3.27, 0.24, -1.24, -0.67] };
