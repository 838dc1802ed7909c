import type { BufferPool, Loan } from './bufferPool.js';
import { NutCursor } from './nutCursor.js';
import { badNut, FLAG, type NutMain, type NutVideo, readMain, readStream } from './nutHeaders.js';

export type { NutVideo } from './nutHeaders.js';

/** One raw gray picture with its exact presentation time `pts * timeBase`. */
export interface NutFrame {
  readonly video: NutVideo;
  readonly pts: number;
  /** widthPx * heightPx bytes, on loan from the pool. */
  readonly picture: Loan;
}

export interface NutDemuxer {
  /** Takes the next bytes, in pieces of any size; `emit` is called for every picture they complete. */
  readonly push: (chunk: Uint8Array, emit: (frame: NutFrame) => void) => void;
  /** Says that no more bytes come; throws E_SOURCE_FORMAT in the middle of something, or before any header. */
  readonly end: () => void;
  /** Gives a half-filled picture back to the pool. */
  readonly close: () => void;
}

const FILE_ID = new TextEncoder().encode('nut/multimedia container\0');
const MAIN = 0x7a561f5f04adn;
const STREAM = 0x11405bf2f9dbn;
const SYNCPOINT = 0xe4adeeca4569n;
const MAX_HEADER_BYTES = 1 << 20;
const MAX_ELIDED_FRAME_BYTES = 4096;

/** Reads what `ffmpeg -c:v rawvideo -pix_fmt gray -f nut -` writes: one video stream, pictures of one size.
 * Each picture's bytes are copied once, from the pipe's chunk into its pooled buffer; checksums are not verified,
 * since the bytes never leave this machine's memory. Throws E_SOURCE_FORMAT for anything that is not this.
 * Source: NUT Open Container Format, version 3. */
export function nutDemuxer(pool: BufferPool): NutDemuxer {
  let rest = new Uint8Array(0);
  let hasId = false;
  let main: NutMain | null = null;
  let video: NutVideo | null = null;
  let lastPts = 0;
  let filling: { readonly frame: NutFrame; at: number } | null = null;

  /** One header from `c`, or nothing where the bytes do not suffice. */
  function readItem(c: NutCursor): void {
    if (!hasId) readFileId(c);
    else if (c.bytes[c.at] === 0x4e) readPacket(c);
    else readFrame(c);
  }

  function readFileId(c: NutCursor): void {
    for (const byte of FILE_ID) if (c.u8() !== byte && !c.isShort) throw badNut('no NUT file id');
    if (!c.isShort) hasId = true;
  }

  function readPacket(c: NutCursor): void {
    let code = 0n;
    for (let i = 0; i < 8; i++) code = (code << 8n) | BigInt(c.u8());
    const bytes = c.v();
    if (bytes > MAX_HEADER_BYTES) throw badNut(`a header of ${bytes} bytes`);
    if (bytes > 4096) c.skip(4);
    const bodyAt = c.at;
    c.skip(bytes);
    if (!c.isShort) readBody(code & 0xffffffffffffn, new NutCursor(c.bytes.subarray(0, c.at), bodyAt));
  }

  function readBody(code: bigint, c: NutCursor): void {
    if (code === MAIN) main = readMain(c);
    else if (code === STREAM && main) video = keepSize(video, readStream(c, main));
    else if (code === SYNCPOINT && main && video) lastPts = readSyncpoint(c, main, video);
    if (c.isShort) throw badNut('a header shorter than its fields');
  }

  function readFrame(c: NutCursor): void {
    if (!main || !video) throw badNut('a picture before its header');
    const code = main.codes[c.u8()];
    const flags = code.flags ^ (code.flags & FLAG.coded ? c.v() : 0);
    if (!c.isShort && flags & (FLAG.invalid | FLAG.sideData)) throw badNut('an unknown frame code');
    if (flags & FLAG.streamId) c.v();
    const pts = flags & FLAG.codedPts ? fullPts(c.v(), lastPts, video.msbPtsShift) : lastPts + code.ptsDelta;
    const size = code.sizeLsb + (flags & FLAG.sizeMsb ? code.sizeMul * c.v() : 0);
    if (flags & FLAG.matchTime) c.s();
    const headerIdx = flags & FLAG.headerIdx ? c.v() : code.headerIdx;
    for (let n = flags & FLAG.reserved ? c.v() : code.reserved; n > 0 && !c.isShort; n--) c.v();
    if (flags & FLAG.checksum) c.skip(4);
    if (c.isShort) return;
    lastPts = pts;
    if (size === 0) return;
    const elided = main.elision[size > MAX_ELIDED_FRAME_BYTES ? 0 : headerIdx];
    if (!elided) throw badNut('an unknown elision header');
    startFrame(video, pts, size, elided);
  }

  function startFrame(of: NutVideo, pts: number, size: number, elided: Uint8Array): void {
    if (size !== of.widthPx * of.heightPx)
      throw badNut(
        `a picture of ${size} bytes in a stream of ${of.widthPx}x${of.heightPx}; its size changed`,
      );
    const picture = pool.borrow(size);
    picture.bytes.set(elided);
    filling = { frame: { video: of, pts, picture }, at: elided.length };
  }

  /** Copies picture bytes; returns where the next item begins. */
  function fill(data: Uint8Array, at: number, emit: (frame: NutFrame) => void): number {
    const into = filling!;
    const pixels = into.frame.picture.bytes;
    const end = Math.min(data.length, at + pixels.length - into.at);
    pixels.set(data.subarray(at, end), into.at);
    into.at += end - at;
    if (into.at === pixels.length) {
      filling = null;
      emit(into.frame);
    }
    return end;
  }

  return {
    push(chunk, emit) {
      const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      rest = new Uint8Array(0);
      for (let at = 0; at < data.length; ) {
        if (filling) at = fill(data, at, emit);
        else {
          const c = new NutCursor(data, at);
          readItem(c);
          if (c.isShort) {
            rest = data.slice(at);
            return;
          }
          at = c.at;
        }
      }
    },
    end() {
      if (!video) throw badNut('it ended before its header');
      if (filling || rest.length > 0) throw badNut('it ended in the middle of a picture');
    },
    close() {
      filling?.frame.picture.release();
      filling = null;
    },
  };
}

function keepSize(known: NutVideo | null, next: NutVideo): NutVideo {
  if (known && (known.widthPx !== next.widthPx || known.heightPx !== next.heightPx))
    throw badNut('a second header of another size');
  return known ?? next;
}

/** A syncpoint sets the time that the next pts are relative to. */
function readSyncpoint(c: NutCursor, main: NutMain, video: NutVideo): number {
  const coded = c.v();
  const count = main.timeBases.length;
  const from = main.timeBases[coded % count];
  const ticks = Math.floor(coded / count);
  if (from === video.timeBase) return ticks;
  return Math.floor((ticks * from.num * video.timeBase.den) / (from.den * video.timeBase.num));
}

/** The pts whose low bits are coded, nearest to the last one; or an absolute one. */
function fullPts(coded: number, last: number, msbPtsShift: number): number {
  const range = 2 ** msbPtsShift;
  if (coded >= range) return coded - range;
  const delta = last - Math.floor((range - 1) / 2);
  return mod(coded - delta, range) + delta;
}

function mod(value: number, range: number): number {
  return ((value % range) + range) % range;
}
