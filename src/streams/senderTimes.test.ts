import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SenderTime, senderTimeReader } from './senderTimes.js';

function box(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(kind, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** ISO/IEC 14496-12, 8.16.5, version 1. */
function prft(wallMs: number, ticks: bigint, era = 0): Buffer {
  const body = Buffer.alloc(24);
  body[0] = 1;
  body.writeUInt32BE(1, 4);
  body.writeUInt32BE(Math.floor(wallMs / 1000) + 2_208_988_800 - era * 2 ** 32, 8);
  body.writeUInt32BE(((wallMs % 1000) / 1000) * 2 ** 32, 12);
  body.writeBigUInt64BE(ticks, 16);
  return box('prft', body);
}

const WALL_MS = 1_795_194_946_970;
const TICKS = 161_567_545_219_626n;
const fragment = (wallMs: number, ticks: bigint) =>
  Buffer.concat([prft(wallMs, ticks), box('moof', Buffer.alloc(80)), box('mdat', Buffer.alloc(5000, 7))]);
const headed = (codec: string, ...rest: Buffer[]) =>
  Buffer.concat([box('ftyp', Buffer.alloc(16)), box('moov', Buffer.from(`..stsd..${codec}..`)), ...rest]);

function read(bytes: Buffer, piece: number): SenderTime[] {
  const reader = senderTimeReader();
  const times: SenderTime[] = [];
  for (let at = 0; at < bytes.length; at += piece) times.push(...reader.push(bytes.subarray(at, at + piece)));
  return times;
}

test('the times of every fragment, in pieces of any size', () => {
  const bytes = headed('avc1', fragment(WALL_MS, TICKS), fragment(WALL_MS + 33, TICKS + 3003n));
  for (const piece of [1, 7, 31, 32, 4096, bytes.length]) {
    const [first, second, ...more] = read(bytes, piece);
    assert.deepEqual(more, []);
    assert.ok(Math.abs(first.wallMs - WALL_MS) < 0.01 && Math.abs(second.wallMs - WALL_MS - 33) < 0.01);
    assert.ok(Math.abs(first.ptsMs - Number(TICKS) / 90) < 0.01);
    assert.ok(Math.abs(second.ptsMs - first.ptsMs - 3003 / 90) < 0.01);
  }
});

test('NTP seconds that began anew in 2036', () => {
  const in2040Ms = Date.UTC(2040, 0, 1);
  const [time] = read(headed('hev1', prft(in2040Ms, 5n, 1)), 1000);
  assert.equal(time.wallMs, in2040Ms);
});

test('nothing of codecs that are not parsed, nor of bytes that are no MP4', () => {
  assert.deepEqual(read(headed('mp4v', fragment(WALL_MS, TICKS)), 100), []);
  assert.deepEqual(read(fragment(WALL_MS, TICKS), 100), []);
  assert.deepEqual(read(Buffer.alloc(100_000), 1000), []);
});
