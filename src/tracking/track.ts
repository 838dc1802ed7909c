import type { Outcome } from '../domain/outcome.js';

/** What one frame leaves to the next. */
export type Track =
  | { readonly mode: 'lost' }
  | {
      readonly mode: 'tracking';
      readonly keyframe: number;
      /** How far the picture had to be turned. */
      readonly turnDeg: number;
      readonly epoch: number;
      readonly timestampS: number;
    };

export const LOST: Track = { mode: 'lost' };

/** Longest time between two frames over which the place of the first says something about the second. */
const MAX_GAP_S = 1;

/** The track after an outcome. A dropped frame is not the camera's fault and changes nothing. */
export function nextTrack(track: Track, outcome: Outcome): Track {
  switch (outcome.kind) {
    case 'posed': {
      const { epoch, timestampS } = outcome.frame;
      return {
        mode: 'tracking',
        keyframe: outcome.keyframe,
        turnDeg: outcome.turnDeg ?? 0,
        epoch,
        timestampS,
      };
    }
    case 'dropped':
      return track;
    case 'lost':
      return LOST;
  }
}

/** The track as a frame of this time may use it: a new epoch, time that runs backwards or a gap makes it lost. */
export function trackAt(track: Track, epoch: number, timestampS: number): Track {
  if (track.mode === 'lost' || track.epoch !== epoch) return LOST;
  const gapS = timestampS - track.timestampS;
  return gapS >= 0 && gapS <= MAX_GAP_S ? track : LOST;
}
