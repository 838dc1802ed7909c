import { coastedConfidence } from './confidence.js';
import type { TrackLimits } from './limits.js';
import { predict } from './motion.js';
import { type PoseSigma, poseSigma } from './poseSigma.js';
import type { Miss, Sighting, Verdict } from './sighting.js';
import { type HeldTrack, lose, type Track } from './track.js';
import { DOUBTED_CONFIDENCE, NOTHING_ALIKE } from './verdicts.js';

/** A frame without a fix that agrees: the prediction is published while its bounds hold, then the track is lost. */
export function coast(
  track: HeldTrack,
  { frame, miss }: Sighting,
  limits: TrackLimits,
): { readonly track: Track; readonly verdict: Verdict } {
  const { belief, resetCounter, audit } = track;
  const seenS = frame.timestampS;
  const misses = track.misses + 1;
  const expected = predict(belief, seenS, limits.motion);
  const sigma = poseSigma(expected.worldFromCam, expected.covariance);
  const why = miss ?? NOTHING_ALIKE;
  const end = endOfCoasting(misses, seenS - belief.timestampS, sigma, limits);
  if (end !== null)
    return {
      track: lose(resetCounter, belief),
      verdict: { kind: 'lost', reason: why.reason, detail: `${why.detail}; ${end}` },
    };
  const { keyframe, turnDeg } = belief;
  const confidence = coastingConfidence(belief.confidence, sigma, why, limits);
  return {
    track: { ...track, state: 'coasting', misses, seenS, audit: { ...audit, frames: audit.frames + 1 } },
    verdict: { kind: 'coasted', ...expected, confidence, keyframe, turnDeg },
  };
}

/** Why the prediction is not to be used any longer, or null. */
function endOfCoasting(misses: number, sinceS: number, sigma: PoseSigma, limits: TrackLimits): string | null {
  if (sinceS > limits.maxCoastS) return `nothing has agreed for ${sinceS.toFixed(1)} s`;
  if (misses > limits.maxCoastFrames) return `nothing has agreed for ${misses} frames`;
  if (sigma.m > limits.maxCoastM) return 'the camera may have moved too far since the last fix';
  return null;
}

/** A covered lens says nothing of where the camera is; a picture full of keypoints that fit nowhere near says that it
 * may be elsewhere. */
function coastingConfidence(
  last: number,
  sigma: PoseSigma,
  { reason }: Miss,
  { unitM }: TrackLimits,
): number {
  const predicted = coastedConfidence(last, sigma.m / unitM, sigma.rad);
  return reason === 'no-features' ? predicted : Math.min(predicted, DOUBTED_CONFIDENCE);
}
