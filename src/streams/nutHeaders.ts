import { PosestreamError } from '../domain/errors.js';
import type { NutCursor } from './nutCursor.js';

export const FLAG = {
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  sideData: 256,
  headerIdx: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const;

/** What one of the 256 frame codes stands for. */
export interface FrameCode {
  readonly flags: number;
  readonly sizeMul: number;
  readonly sizeLsb: number;
  readonly ptsDelta: number;
  readonly reserved: number;
  readonly headerIdx: number;
}

export interface NutMain {
  /** Seconds per tick as a fraction, by time base id. */
  readonly timeBases: readonly { readonly num: number; readonly den: number }[];
  readonly codes: readonly FrameCode[];
  /** Byte runs that small frames leave out; the first is empty. */
  readonly elision: readonly Uint8Array[];
}

export interface NutVideo {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly msbPtsShift: number;
}

export function badNut(what: string): PosestreamError {
  return new PosestreamError('E_SOURCE_FORMAT', `The decoder's output is damaged: ${what}.`, {
    hint: 'Check that the input plays in ffplay, and that ffmpeg was not killed.',
  });
}

/** The main header's body. Source: NUT Open Container Format, "Main header". */
export function readMain(c: NutCursor): NutMain {
  const version = c.v();
  if (version > 3) c.v();
  const streams = c.v();
  if (!c.isShort && streams !== 1) throw badNut(`${streams} streams instead of one`);
  c.v();
  const timeBases = Array.from({ length: bounded(c.v(), 64, 'time bases') }, () => ({
    num: c.v(),
    den: c.v(),
  }));
  const codes = readCodes(c);
  const more = bounded(c.v(), 127, 'elision headers');
  const elision = [new Uint8Array(0), ...Array.from({ length: more }, () => c.vb().slice())];
  return { timeBases, codes, elision };
}

const INVALID: FrameCode = {
  flags: FLAG.invalid,
  sizeMul: 1,
  sizeLsb: 0,
  ptsDelta: 0,
  reserved: 0,
  headerIdx: 0,
};

function readCodes(c: NutCursor): FrameCode[] {
  const codes: FrameCode[] = [];
  let [ptsDelta, sizeMul, headerIdx] = [0, 1, 0];
  while (codes.length < 256 && !c.isShort) {
    const flags = c.v();
    const fields = c.v();
    if (fields > 0) ptsDelta = c.s();
    if (fields > 1) sizeMul = c.v();
    if (fields > 2) c.v();
    const size = fields > 3 ? c.v() : 0;
    const reserved = fields > 4 ? c.v() : 0;
    const count = fields > 5 ? c.v() : sizeMul - size;
    if (fields > 6) c.s();
    if (fields > 7) headerIdx = c.v();
    for (let i = 8; i < fields && !c.isShort; i++) c.v();
    if (!c.isShort && count <= 0) throw badNut('an empty run of frame codes');
    for (let j = 0; j < count && codes.length < 256; ) {
      if (codes.length === 0x4e) codes.push(INVALID);
      else codes.push({ flags, sizeMul, sizeLsb: size + j++, ptsDelta, reserved, headerIdx });
    }
  }
  return codes;
}

/** The stream header's body. Source: NUT Open Container Format, "Stream header". */
export function readStream(c: NutCursor, main: NutMain): NutVideo {
  c.v();
  const kind = c.v();
  if (kind !== 0) throw badNut('the stream is not video');
  c.vb();
  const timeBase = main.timeBases[c.v()];
  const msbPtsShift = bounded(c.v(), 52, 'pts bits');
  c.v();
  c.v();
  c.v();
  c.vb();
  const [widthPx, heightPx] = [c.v(), c.v()];
  if (!timeBase?.num || !timeBase.den) throw badNut('no time base');
  if (c.isShort || widthPx < 1 || heightPx < 1) throw badNut('no picture size');
  return { widthPx, heightPx, timeBase, msbPtsShift };
}

function bounded(value: number, max: number, what: string): number {
  if (value > max) throw badNut(`${value} ${what}`);
  return value;
}
