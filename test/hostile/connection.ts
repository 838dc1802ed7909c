import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { decode } from '@msgpack/msgpack';
import type { Random } from '../../src/kernels/random.js';
import { clientFrame, OPCODE } from './frames.js';

/** How a server took what one connection sent. */
export interface Reception {
  /** Of the HTTP answer; 0 where none came. */
  readonly status: number;
  /** Messages with a code E_*. */
  readonly answers: number;
  /** 0 where the server closed without one, null where it did not close. */
  readonly close: number | null;
}

const PATIENCE_MS = 20_000;

const handshake = (port: number): Buffer =>
  Buffer.from(
    [
      ...['GET /poses HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Upgrade: websocket', 'Connection: Upgrade'],
      ...[`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, 'Sec-WebSocket-Version: 13', '', ''],
    ].join('\r\n'),
  );

/** Sends bytes to `/poses`, with the handshake or after it, whole or torn anywhere, and waits for the end. */
export function converse(port: number, bytes: Buffer, random: Random): Promise<Reception> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received = Buffer.alloc(0);
    let status = 0;
    let answers = 0;
    let close: number | null = null;
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    const say = (all: Buffer): void => {
      const at = random.uniform() < 0.5 ? all.length : random.integer(all.length);
      socket.write(all.subarray(0, at));
      if (at < all.length) setTimeout(() => socket.writable && socket.write(all.subarray(at)), 1);
    };
    const isAtOnce = random.uniform() < 0.5;
    if (isAtOnce) say(Buffer.concat([handshake(port), bytes]));
    else socket.write(handshake(port));

    const read = (): void => {
      for (let frame = frameOf(received); frame; frame = frameOf(received)) {
        const payload = received.subarray(frame.from, frame.to);
        received = received.subarray(frame.to);
        if (frame.opcode === OPCODE.close) {
          close = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
          // The server waits for this before it lets go.
          socket.end(clientFrame(random, { opcode: OPCODE.close, payload }));
        } else if (isAnswer(frame.opcode, payload)) answers++;
      }
    };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (status === 0) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        status = Number(received.toString('latin1', 9, 12));
        received = received.subarray(end + 4);
        if (!isAtOnce) say(bytes);
      }
      read();
    });
    socket.on('error', () => undefined);
    socket.on('close', (hadError) => {
      const isCut = socket.destroyed && !hadError && close === null && !timerFired();
      clearTimeout(timer);
      resolve({ status, answers, close: close ?? (isCut || hadError ? 0 : null) });
    });
    const begunMs = performance.now();
    const timerFired = () => performance.now() - begunMs >= PATIENCE_MS;
  });
}

/** Once it asked for MessagePack a client is answered in it; a pose may hold any bytes. */
function isAnswer(opcode: number, payload: Buffer): boolean {
  if (opcode === OPCODE.binary) return (decode(payload) as { readonly type: string }).type === 'error';
  return opcode === OPCODE.text && payload.includes('{"type":"error","code":"E_');
}

/** The next whole frame of a server, which never masks. */
function frameOf(
  bytes: Buffer,
): { readonly opcode: number; readonly from: number; readonly to: number } | null {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 127;
  const from = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < from) return null;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return bytes.length < from + length ? null : { opcode: bytes[0] & 15, from, to: from + length };
}
