/** What a fragmented MP4 with producer reference times says of one fragment. */
export interface SenderTime {
  /** The fragment's presentation time under the stream's own time line. */
  readonly ptsMs: number;
  /** Wall clock written with it, ms since the Unix epoch. */
  readonly wallMs: number;
}

export interface SenderTimeReader {
  /** Takes the next bytes, in pieces of any size; returns the times they complete. */
  readonly push: (chunk: Uint8Array) => readonly SenderTime[];
}

const HEADER_BYTES = 8;
const PRFT_BYTES = 32;
const MAX_MOOV_BYTES = 1 << 16;
/** RTP's clock for video (RFC 3551), which ffmpeg keeps as the track's. */
const TICKS_PER_MS = 90;
/** Codecs whose pictures ffmpeg cuts out of the packets by a parser. */
const PARSED = ['avc1', 'hev1', 'hvc1'];

/** Reads the `prft` boxes of what `ffmpeg -c copy -f mp4 -write_prft wallclock` writes and skips everything else. Gives
 * nothing for codecs that ffmpeg does not parse, since there the times would be of another picture.
 * Source: ISO/IEC 14496-12, 8.16.5, "Producer reference time". */
export function senderTimeReader(): SenderTimeReader {
  let rest: Buffer = Buffer.alloc(0);
  let skip = 0;
  let isParsed = false;
  let isOver = false;

  /** The next box, or null where the bytes do not suffice; bodies that nobody asks for are not waited for. */
  function nextBox(): { readonly kind: string; readonly body: Buffer } | null {
    const skipped = Math.min(skip, rest.length);
    skip -= skipped;
    rest = rest.subarray(skipped);
    if (skip > 0 || rest.length < HEADER_BYTES) return null;
    const size = rest.readUInt32BE(0);
    const kind = rest.toString('latin1', 4, HEADER_BYTES);
    isOver = size < HEADER_BYTES || (kind === 'moov' && size > MAX_MOOV_BYTES);
    if (isOver) return null;
    const isWanted = kind === 'moov' || (kind === 'prft' && size === PRFT_BYTES);
    if (isWanted && rest.length < size) return null;
    const body = rest.subarray(0, isWanted ? size : HEADER_BYTES);
    rest = rest.subarray(body.length);
    skip = size - body.length;
    return { kind, body };
  }

  return {
    push(chunk) {
      if (isOver) return [];
      rest = Buffer.concat([rest, chunk]);
      const times: SenderTime[] = [];
      for (let box = nextBox(); box !== null; box = nextBox()) {
        const { kind, body } = box;
        if (kind === 'moov') isParsed = PARSED.some((codec) => body.includes(codec, 0, 'latin1'));
        if (kind === 'prft' && isParsed && body.length === PRFT_BYTES) times.push(readPrft(body));
      }
      return times;
    },
  };
}

function readPrft(box: Buffer): SenderTime {
  return {
    wallMs: ntpMs(box.readUInt32BE(16), box.readUInt32BE(20)),
    ptsMs: Number(box.readBigUInt64BE(24)) / TICKS_PER_MS,
  };
}

const UNIX_EPOCH_S = 2_208_988_800;

/** NTP time as ms since the Unix epoch; seconds without their top bit are of the era that begins in 2036 (RFC 4330, 3). */
function ntpMs(seconds: number, fraction: number): number {
  const era = seconds >= 2 ** 31 ? 0 : 2 ** 32;
  return 1000 * (seconds + era - UNIX_EPOCH_S + fraction / 2 ** 32);
}
