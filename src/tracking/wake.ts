import type { Rigid, WorldFromCam } from '../domain/rigid.js';
import { compose, distanceBetween } from '../geometry/rigid.js';
import type { TrackLimits } from './limits.js';

/** What a camera's own motion says of where it can be, frame after frame since it was last where it was expected. */
export interface Wake {
  readonly chain: Chain | null;
  /** Until then poses are doubted: the camera was seen moving elsewhere. */
  readonly doubtedUntilS: number | null;
}

interface Chain {
  /** Since when fixes and motion have told one story. */
  readonly sinceS: number;
  /** The last fix, carried along the motions since. */
  readonly worldFromCam: WorldFromCam;
  /** Way of those motions. */
  readonly wayM: number;
}

export const NO_WAKE: Wake = { chain: null, doubtedUntilS: null };

/** A motion measured frame by frame loses this share of its way. */
const DRIFT = 0.2;
/** In units of `agreeM`. */
const SLACK = 3;
const LONGEST_DOUBT_S = 30;

/** A street may repeat, and the map hold only one of its copies: matches cannot tell, but a camera does not jump while its
 * keypoints go on from frame to frame. Of two stories that cannot both be true the newer one is doubted for as long as the
 * older one was told. Where the motion is not measured without a gap nothing is known. Pure.
 * @param fix     of this frame; null where it has none
 * @param motion  previousFromCurrent over the frame before; null where it was not measured */
export function followWake(
  { chain, doubtedUntilS }: Wake,
  timestampS: number,
  fix: WorldFromCam | null,
  motion: Rigid<'cam', 'cam'> | null,
  limits: TrackLimits,
): Wake {
  const carried = chain === null || motion === null ? null : carry(chain, motion);
  const doubt = doubtedUntilS !== null && timestampS < doubtedUntilS ? doubtedUntilS : null;
  if (fix === null) return { chain: carried, doubtedUntilS: doubt };
  const next = { worldFromCam: fix, wayM: 0 };
  if (carried === null) return { chain: { ...next, sinceS: timestampS }, doubtedUntilS: doubt };
  const offM = distanceBetween(carried.worldFromCam, fix);
  if (offM <= SLACK * limits.agreeM + DRIFT * carried.wayM)
    return { chain: { ...next, sinceS: carried.sinceS }, doubtedUntilS: doubt };
  const toldS = Math.min(timestampS - carried.sinceS, LONGEST_DOUBT_S);
  return {
    chain: { ...next, sinceS: timestampS },
    doubtedUntilS: Math.max(doubt ?? timestampS, timestampS + toldS),
  };
}

function carry(chain: Chain, motion: Rigid<'cam', 'cam'>): Chain {
  return {
    ...chain,
    worldFromCam: compose(chain.worldFromCam, motion),
    wayM: chain.wayM + Math.hypot(...motion.t),
  };
}
