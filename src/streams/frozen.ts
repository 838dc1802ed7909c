/** What is kept to tell a frozen camera: the picture before, and what came since the window began. */
export interface Freshness {
  /** Fingerprint of the picture before; -1 before the first. */
  readonly print: number;
  readonly sinceS: number;
  readonly pairs: number;
  /** Pairs of neighbours that were the same to the bit. */
  readonly same: number;
  readonly isFrozen: boolean;
  /** Pairs of the window before. */
  readonly usualPairs: number;
}

export const FRESH: Freshness = {
  print: -1,
  sinceS: Number.NaN,
  pairs: 0,
  same: 0,
  isFrozen: false,
  usualPairs: 0,
};

/** Longer than two key frame intervals of most cameras. */
const WINDOW_S = 4;
const SHORTEST_PAIRS = 8;
/** A frozen picture, encoded again, stays the same to the bit in 88-97 % of its frames (x264, crf 23-33, key frames every
 * 2 s); a parked camera with one gray level of noise in 83 % at most, with two levels in 58 %. */
const FROZEN_SHARE = 0.85;

/** Freshness after a picture. The verdict is given once a window, and taken back as soon as the next window has more
 * new pictures than a frozen one. A new epoch starts with `FRESH`. */
export function lookFresh(before: Freshness, print: number, timestampS: number): Freshness {
  if (before.print < 0) return { ...FRESH, print, sinceS: timestampS };
  const pairs = before.pairs + 1;
  const same = before.same + (print === before.print ? 1 : 0);
  const isOver = timestampS - before.sinceS >= WINDOW_S && pairs >= SHORTEST_PAIRS;
  if (isOver) {
    const isFrozen = same >= FROZEN_SHARE * pairs;
    return { print, sinceS: timestampS, pairs: 0, same: 0, isFrozen, usualPairs: pairs };
  }
  const isFrozen = before.isFrozen && pairs - same <= (1 - FROZEN_SHARE) * before.usualPairs;
  return { ...before, print, pairs, same, isFrozen };
}

const STRIDE = 7;

/** A 32-bit fingerprint (FNV-1a) of every seventh pixel: another picture has another one, but for one in four billion. */
export function fingerprint(pixels: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < pixels.length; i += STRIDE) hash = Math.imul(hash ^ pixels[i], 0x01000193);
  return hash >>> 0;
}
