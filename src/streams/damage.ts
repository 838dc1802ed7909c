/** What a decoder says, at ffmpeg's level `error`, of a picture it had to patch: the picture comes all the same.
 *     [h264 @ 0x5584] error while decoding MB 23 11, bytestream -5
 *     Error while decoding stream #0:0: Invalid data found when processing input
 */
const DAMAGE = /^\[(h264|hevc|mpeg4|mpeg2video|mjpeg|vp[89]|(lib)?\w*av1\w*) @|^Error .*decod/i;

export const tellsDamage = (line: string): boolean => DAMAGE.test(line);

/** What ffmpeg warns of where packets are missing. Where whole pictures are, no decoder complains, and the ones after them are
 * drawn onto the wrong one.
 *     [mpegts @ 0x55b0] Packet corrupt (stream = 0, dts = 864000).
 *     RTP: missed 3 packets
 */
const LOSS = /Packet corrupt|corrupt input packet|corrupt decoded frame|RTP: missed/;

export const tellsLoss = (line: string): boolean => LOSS.test(line);

/** Damage seen so far, and whether pictures are suspect. */
export interface Suspicion {
  readonly damages: number;
  /** When the decoder last complained; -Infinity where what it patched is gone. */
  readonly sinceS: number;
  /** Time of the newest key frame, or where time began anew; -Infinity before the first. */
  readonly keyS: number;
  /** Longest time between two key frames so far. */
  readonly intervalS: number;
}

export const NO_SUSPICION: Suspicion = {
  damages: 0,
  sinceS: Number.NEGATIVE_INFINITY,
  keyS: Number.NEGATIVE_INFINITY,
  intervalS: 0,
};

/** Longer than between two key frames of most cameras: for decoders that do not tell them, and pictures that are renewed
 * part by part. */
const CLEAN_AFTER_S = 20;

/** What was patched is copied from picture to picture until the next key frame. A complaint about that one may come a
 * little late, so the picture after it has the word.
 * @param damages complaints of this connection so far
 * @param keyS time of the newest key frame that is known of; it may be told late */
export function suspect(before: Suspicion, damages: number, timestampS: number, keyS: number): Suspicion {
  const sinceS = damages > before.damages ? timestampS : before.sinceS;
  const newestS = Math.max(keyS, before.keyS);
  const stepS = Number.isFinite(before.keyS) ? newestS - before.keyS : 0;
  const isClean = sinceS < newestS && newestS < timestampS;
  return {
    damages,
    sinceS: isClean ? NO_SUSPICION.sinceS : sinceS,
    keyS: newestS,
    intervalS: Math.max(before.intervalS, stepS),
  };
}

/** Less than between any two pictures: a key frame right behind the break ends the suspicion. */
const JUST_BEFORE_S = 0.001;

/** The same under another time line: packets that are missing for seconds leave a gap in time, and no key frame.
 * @param lastS time of the last picture before the break, `timestampS` of the first one after it */
export function acrossBreak(before: Suspicion, lastS: number, timestampS: number): Suspicion {
  const beganS = timestampS - JUST_BEFORE_S;
  return { ...before, keyS: beganS, sinceS: isSuspect(before, lastS) ? beganS : NO_SUSPICION.sinceS };
}

export const isSuspect = ({ sinceS, intervalS }: Suspicion, timestampS: number): boolean =>
  timestampS < sinceS + Math.max(CLEAN_AFTER_S, intervalS);
