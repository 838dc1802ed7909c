import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ffmpeg, hasFfmpeg, tempFolder } from '../../test/clips.js';
import { PosestreamError } from '../domain/errors.js';
import { bufferPool } from './bufferPool.js';
import { nutDemuxer } from './nut.js';
import { NutCursor } from './nutCursor.js';

const skip = hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH';

/** Noise at an odd size and rate, raw gray in NUT, with the packets' times and the pixels as ffmpeg itself reads them. */
function makeNut(size: string, frames: number, rate: string) {
  const path = join(tempFolder(), 'clip.nut');
  const raw = ['-c:v', 'rawvideo', '-pix_fmt', 'gray'];
  ffmpeg(
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${size}:rate=${rate}`,
    '-frames:v',
    String(frames),
    ...raw,
    path,
  );
  const read = (program: string, ...args: string[]) =>
    execFileSync(program, ['-v', 'error', ...args], { maxBuffer: 1 << 28 });
  const bytes = read('ffmpeg', '-i', path, '-c', 'copy', '-f', 'nut', '-');
  const pixels = read('ffmpeg', '-i', path, '-vsync', '0', '-f', 'rawvideo', '-');
  const times = read('ffprobe', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', path);
  return { bytes, pixels, timesS: String(times).trim().split('\n').map(Number) };
}

interface Read {
  readonly timesS: number[];
  readonly pixels: Buffer;
  readonly lent: number;
}

function readAll(chunks: readonly Uint8Array[]): Read {
  const pool = bufferPool();
  const demuxer = nutDemuxer(pool);
  const timesS: number[] = [];
  const pictures: Buffer[] = [];
  try {
    for (const chunk of chunks)
      demuxer.push(chunk, ({ pts, video, picture }) => {
        timesS.push((pts * video.timeBase.num) / video.timeBase.den);
        pictures.push(Buffer.from(picture.bytes));
        picture.release();
      });
    demuxer.end();
  } finally {
    demuxer.close();
  }
  return { timesS, pixels: Buffer.concat(pictures), lent: pool.lent() };
}

const isFormatError = (error: unknown) =>
  error instanceof PosestreamError && error.code === 'E_SOURCE_FORMAT';

for (const [size, frames, rate] of [
  ['66x70', 40, '30000/1001'],
  ['64x64', 25, '25'],
  ['321x243', 12, '1000'],
  ['1226x370', 5, '1/30'],
] as const)
  test(`pixels and times as ffmpeg has them: ${size} at ${rate}`, { skip }, () => {
    const clip = makeNut(size, frames, rate);
    const read = readAll([clip.bytes]);
    assert.equal(read.timesS.length, frames);
    assert.ok(read.pixels.equals(clip.pixels));
    read.timesS.forEach((t, i) => {
      assert.ok(Math.abs(t - clip.timesS[i]) < 1e-6, `frame ${i}: ${t}`);
    });
    assert.equal(read.lent, 0);
  });

test('the way the bytes are cut changes nothing', { skip }, () => {
  const clip = makeNut('66x70', 6, '30000/1001');
  const whole = readAll([clip.bytes]);
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9000 })), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(cuts, (sizes) => {
      const read = readAll(cut(clip.bytes, sizes));
      assert.deepEqual(read.timesS, whole.timesS);
      assert.ok(read.pixels.equals(whole.pixels));
    }),
    { numRuns: 150, seed: 7 },
  );
});

/** Pieces of the given sizes, round and round. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

test('a truncated stream is an error, or ends cleanly between pictures; nothing stays on loan', {
  skip,
}, () => {
  const clip = makeNut('64x64', 4, '25');
  let clean = 0;
  for (let length = 0; length < clip.bytes.length; length += length < 900 ? 1 : 97) {
    try {
      const read = readAll([clip.bytes.subarray(0, length)]);
      assert.equal(read.lent, 0);
      assert.ok(read.pixels.equals(clip.pixels.subarray(0, read.pixels.length)));
      clean++;
    } catch (error) {
      assert.ok(isFormatError(error), String(error));
    }
  }
  assert.ok(clean < 60, `${clean} cuts passed`);
});

test('altered headers never crash, hang or lend for good', { skip }, () => {
  const clip = makeNut('64x64', 3, '25');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(5000),
      (edits, size) => {
        const bytes = clip.bytes.slice();
        for (const [at, value] of edits) bytes[at] = value;
        try {
          readAll(cut(bytes, [size + 1]));
        } catch (error) {
          assert.ok(isFormatError(error), String(error));
        }
      },
    ),
    { numRuns: 3000, seed: 11 },
  );
});

test('what is not NUT says so', () => {
  assert.throws(() => readAll([Buffer.from('hello, this is no container at all')]), isFormatError);
  assert.throws(() => readAll([]), isFormatError);
});

test('universal numbers', () => {
  const v = (...bytes: number[]) => new NutCursor(Uint8Array.from(bytes), 0).v();
  assert.equal(v(0x7f), 127);
  assert.equal(v(0x81, 0x00), 128);
  assert.equal(v(0x83, 0x90, 0x00), 51200);
  assert.equal(v(0x8f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), 2 ** 53 - 1);
  const s = (byte: number) => new NutCursor(Uint8Array.from([byte]), 0).s();
  assert.deepEqual([0, 1, 2, 3, 4].map(s), [0, 1, -1, 2, -2]);
  const short = new NutCursor(Uint8Array.from([0x81]), 0);
  short.v();
  assert.equal(short.isShort, true);
});
