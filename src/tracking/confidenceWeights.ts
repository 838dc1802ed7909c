import type { ConfidenceWeights } from './confidence.js';

/** Fitted by `npm run bench:calibrate -- --write` to 1197 poses of 19 places, 626 of them right, 199 found in
 * maps of other places; with each place held out, expected calibration error 0.025, of poses that
 * pass the gate 0.033. In the order of CONFIDENCE_FEATURES. */
export const CONFIDENCE_WEIGHTS: ConfidenceWeights = {
  bias: -0.646562,
  weights: [2.80103, 0.133825, -1.58463, -0.297206],
};
