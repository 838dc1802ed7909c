/** What a decoder says, at ffmpeg's level `error`, of a picture it had to patch: the picture comes all the same.
 *     [h264 @ 0x5584] error while decoding MB 23 11, bytestream -5
 *     Error while decoding stream #0:0: Invalid data found when processing input
 */
const DAMAGE = /^\[(h264|hevc|mpeg4|mpeg2video|mjpeg|vp[89]|(lib)?\w*av1\w*) @|^Error .*decod/i;

export const tellsDamage = (line: string): boolean => DAMAGE.test(line);

/** Damage seen so far, and until when pictures are suspect. */
export interface Suspicion {
  readonly damages: number;
  readonly untilS: number;
}

export const NO_SUSPICION: Suspicion = { damages: 0, untilS: Number.NEGATIVE_INFINITY };

/** What was patched is copied from picture to picture until the next key frame: usual cameras send one every second or
 * two. */
const CLEAN_AFTER_S = 2;

/** Suspicion after a picture.
 * @param damages complaints of this connection so far */
export function suspect(before: Suspicion, damages: number, timestampS: number): Suspicion {
  return damages > before.damages ? { damages, untilS: timestampS + CLEAN_AFTER_S } : before;
}
