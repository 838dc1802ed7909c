import type { Random } from '../../src/kernels/random.js';

/** Frames of a WebSocket client (RFC 6455, 5.2), right or wrong on purpose. */
export interface FrameParts {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** Default true. */
  readonly isLast?: boolean;
  /** RSV1 to RSV3 as bits 4, 2, 1. Default 0. */
  readonly reserved?: number;
  /** Default true, as clients must. */
  readonly isMasked?: boolean;
  /** What the header says where it lies. */
  readonly claimedBytes?: bigint;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export function clientFrame(random: Random, parts: FrameParts): Buffer {
  const { opcode, payload, isLast = true, reserved = 0, isMasked = true } = parts;
  const claimed = parts.claimedBytes ?? BigInt(payload.length);
  const length = lengthBytes(claimed);
  const mask = isMasked ? Buffer.from([0, 0, 0, 0].map(() => random.integer(256))) : Buffer.alloc(0);
  length[0] |= isMasked ? 0x80 : 0;
  const body = Buffer.from(payload);
  if (isMasked) for (let i = 0; i < body.length; i++) body[i] ^= mask[i & 3];
  return Buffer.concat([Buffer.of((isLast ? 0x80 : 0) | (reserved << 4) | opcode), length, mask, body]);
}

function lengthBytes(length: bigint): Buffer {
  if (length < 126n) return Buffer.of(Number(length));
  const long = length >= 65_536n;
  const bytes = Buffer.alloc(long ? 9 : 3);
  bytes[0] = long ? 127 : 126;
  if (long) bytes.writeBigUInt64BE(length, 1);
  else bytes.writeUInt16BE(Number(length), 1);
  return bytes;
}

export const text = (random: Random, payload: string): Buffer =>
  clientFrame(random, { opcode: OPCODE.text, payload: Buffer.from(payload) });

/** One text message in so many frames, pings between them. */
export function fragments(random: Random, payload: string, count: number): Buffer {
  const bytes = Buffer.from(payload);
  const pieces: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const [from, to] = [i, i + 1].map((n) => Math.floor((n * bytes.length) / count));
    const opcode = i === 0 ? OPCODE.text : OPCODE.continuation;
    pieces.push(clientFrame(random, { opcode, payload: bytes.subarray(from, to), isLast: i === count - 1 }));
    if (random.uniform() < 0.2)
      pieces.push(clientFrame(random, { opcode: OPCODE.ping, payload: Buffer.alloc(0) }));
  }
  return Buffer.concat(pieces);
}
