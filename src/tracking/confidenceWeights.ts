import type { ConfidenceWeights } from './confidence.js';

/** Fitted by `npm run bench:calibrate -- --write` to 1343 poses of 19 places, 747 of them right, 177 found in
 * maps of other places; with each place held out, expected calibration error 0.034, of poses that
 * pass the gate 0.039. In the order of CONFIDENCE_FEATURES. */
export const CONFIDENCE_WEIGHTS: ConfidenceWeights = {
  bias: 1.83508,
  weights: [3.18329, 0.307113, -1.22764, -0.705847],
};
