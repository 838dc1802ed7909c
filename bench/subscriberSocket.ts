import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { decode, ExtensionCodec } from '@msgpack/msgpack';

/** What a subscriber does with its poses. */
export type Manner =
  /** Reads and acknowledges. */
  | 'acks'
  /** Reads, never acknowledges, never asked for a window. */
  | 'reads'
  /** Asked for a window and never acknowledges: it is closed after ten seconds. */
  | 'forgets'
  /** Does not read at all. */
  | 'stopped';

export interface Subscriber {
  readonly manner: Manner;
  readonly end: () => void;
}

export interface SubscriberOptions {
  readonly port: number;
  readonly manner: Manner;
  readonly hz: number;
  readonly encoding: 'json' | 'msgpack';
  /** Unix time of capture, ms, of every pose that came. */
  readonly onPose: (captureMs: number) => void;
  /** With the server's close code, or 0. */
  readonly onClose: (code: number) => void;
}

const HEADER_BYTES = 400;
const ANY_EXTENSION = new ExtensionCodec();

/** A subscriber that costs its own process next to nothing: a bare socket, and of each message only the head is read.
 * What it measures is the server. */
export function subscribe(options: SubscriberOptions): Subscriber {
  const { port, manner, hz, encoding } = options;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const take = manner === 'acks' ? withAck(socket, options) : (head: Head) => options.onPose(head.captureMs);
  let code = 0;
  const frames = frameReader((opcode, bytes) => {
    if (opcode === 9) socket.write(clientFrame(10, bytes));
    else if (opcode === 8) {
      code = bytes.readUInt16BE(0);
      socket.end();
    } else if (opcode === 1 || opcode === 2) {
      const head = opcode === 1 ? textHead(bytes) : binaryHead(bytes);
      if (head) take(head);
    }
  });
  const subscription = {
    ...{ type: 'subscribe', maxRateHz: hz },
    ...(manner === 'acks' || manner === 'forgets' ? { window: 2 } : {}),
    ...(encoding === 'json' ? {} : { encoding }),
  };
  socket.write(handshake(port));
  socket.once('data', (first) => {
    socket.write(clientFrame(1, Buffer.from(JSON.stringify(subscription))));
    if (manner === 'stopped') socket.pause();
    frames(first.subarray(first.indexOf('\r\n\r\n') + 4));
    socket.on('data', frames);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => options.onClose(code));
  return { manner, end: () => socket.destroy() };
}

interface Head {
  readonly stream: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly captureMs: number;
}

const withAck =
  (socket: Socket, { onPose }: SubscriberOptions) =>
  ({ stream, epoch, sequence, captureMs }: Head): void => {
    onPose(captureMs);
    socket.write(
      clientFrame(
        1,
        Buffer.from(`{"type":"ack","stream":"${stream}","epoch":${epoch},"sequence":${sequence}}`),
      ),
    );
  };

const TEXT_HEAD =
  /^\{"ageMs":[^,]*,"type":"pose","stream":"([\w-]+)","epoch":(\d+),"sequence":(\d+),.*?"captureMs":([\d.]+)/;

function textHead(bytes: Buffer): Head | null {
  const match = TEXT_HEAD.exec(bytes.toString('latin1', 0, HEADER_BYTES));
  return match && { stream: match[1], epoch: +match[2], sequence: +match[3], captureMs: +match[4] };
}

function binaryHead(bytes: Buffer): Head | null {
  const message = decode(bytes, { extensionCodec: ANY_EXTENSION }) as Head & { readonly type: string };
  return message.type === 'pose' ? message : null;
}

const handshake = (port: number): string =>
  [
    ...['GET /poses HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Upgrade: websocket', 'Connection: Upgrade'],
    ...[`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, 'Sec-WebSocket-Version: 13', '', ''],
  ].join('\r\n');

/** A final frame of a client, up to 64 KiB; its mask is zero, so the bytes go as they are (RFC 6455, 5.3). */
function clientFrame(opcode: number, bytes: Buffer): Buffer {
  const short = bytes.length < 126;
  const head = Buffer.alloc(short ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (short ? bytes.length : 126);
  if (!short) head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

/** Whole frames of a server, which never masks and here never fragments. */
function frameReader(take: (opcode: number, bytes: Buffer) => void): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    for (;;) {
      const frame = frameOf(bytes);
      if (frame === null) break;
      take(bytes[0] & 15, bytes.subarray(frame.from, frame.to));
      bytes = bytes.subarray(frame.to);
    }
    held = bytes;
  };
}

function frameOf(bytes: Buffer): { readonly from: number; readonly to: number } | null {
  if (bytes.length < 4)
    return bytes.length >= 2 && bytes[1] + 2 <= bytes.length ? { from: 2, to: 2 + bytes[1] } : null;
  const from = bytes[1] < 126 ? 2 : bytes[1] === 126 ? 4 : 10;
  if (bytes.length < from) return null;
  const length =
    from === 2 ? bytes[1] : from === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return bytes.length < from + length ? null : { from, to: from + length };
}
