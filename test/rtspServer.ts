import { createServer, type Socket } from 'node:net';

/** A camera for tests: serves one H.264 clip in a loop over RTSP with interleaved RTP (RFC 2326, RFC 6184), at its
 * own rate, and misbehaves on request. */
export interface RtspServer {
  readonly url: string;
  /** Connections that reached PLAY so far. */
  readonly plays: () => number;
  /** Keeps connections open but sends nothing, until called with false. */
  readonly stall: (isStalled: boolean) => void;
  /** Sends another clip from the next picture on. */
  readonly show: (annexB: Buffer) => void;
  /** Cuts every connection. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export interface RtspServerOptions {
  readonly fps: number;
  readonly port?: number;
  /** When a picture is due, seconds after PLAY; where absent, evenly. */
  readonly dueS?: (picture: number) => number;
  /** It tells its clock by RTCP sender reports, the first after this many pictures, then every second. */
  readonly reports?: {
    readonly afterPictures: number;
    /** How far its clock is ahead, ms. */
    readonly aheadMs: number;
  };
  /** Answers DESCRIBE by sending the client there. */
  readonly redirectTo?: string;
  /** `user:password`, asked for by Basic authentication. */
  readonly credentials?: string;
  /** False: parameter sets travel in the stream only, as some cameras do. */
  readonly sendsParameterSets?: boolean;
}

const MAX_PAYLOAD = 1400;

export async function startRtspServer(annexB: Buffer, options: RtspServerOptions): Promise<RtspServer> {
  let units = accessUnits(annexB);
  const sdp = describe(annexB, options.sendsParameterSets ?? true);
  const sockets = new Set<Socket>();
  let plays = 0;
  let isStalled = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    let stop: () => void = () => undefined;
    socket.on('close', () => {
      stop();
      sockets.delete(socket);
    });
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      // Receiver reports come interleaved; they start with $ and are of no interest here.
      for (;;) {
        if (text.startsWith('$') && text.length >= 4) {
          const size = 4 + text.charCodeAt(2) * 256 + text.charCodeAt(3);
          if (text.length < size) return;
          text = text.slice(size);
          continue;
        }
        const end = text.indexOf('\r\n\r\n');
        if (text.startsWith('$') || end < 0) return;
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        socket.write(answer(request, sdp, options));
        if (request.startsWith('PLAY')) {
          plays++;
          stop = play(
            socket,
            () => units,
            options,
            () => isStalled,
          );
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `rtsp://${options.credentials ? `${options.credentials}@` : ''}127.0.0.1:${port}/cam`,
    plays: () => plays,
    stall: (on) => {
      isStalled = on;
    },
    show: (next) => {
      units = accessUnits(next);
    },
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(request: string, sdp: string, { credentials, redirectTo }: RtspServerOptions): string {
  const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(request)?.[1]?.trim();
  const reply = (status: string, headers: readonly string[] = [], body = '') =>
    [`RTSP/1.0 ${status}`, `CSeq: ${header('CSeq') ?? '0'}`, ...headers, '', body].join('\r\n');
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const [method, url] = request.split(' ');
  if (method === 'OPTIONS')
    return reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER']);
  if (wanted && header('Authorization') !== wanted)
    return reply('401 Unauthorized', ['WWW-Authenticate: Basic realm="cam"']);
  if (!/\/cam(\/|$)/.test(url)) return reply('404 Not Found');
  if (method === 'DESCRIBE' && redirectTo) return reply('302 Found', [`Location: ${redirectTo}`]);
  if (method === 'DESCRIBE')
    return reply(
      '200 OK',
      ['Content-Type: application/sdp', `Content-Base: ${url}/`, `Content-Length: ${sdp.length}`],
      sdp,
    );
  if (method === 'SETUP' && !/TCP/.test(header('Transport') ?? '')) return reply('461 Unsupported Transport');
  if (method === 'SETUP')
    return reply('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1']);
  return reply('200 OK', ['Session: 1']);
}

function describe(annexB: Buffer, sendsParameterSets: boolean): string {
  const sets = splitNals(annexB).filter((nal) => isParameterSet(nal));
  const sprop = sets.slice(0, 2).map((nal) => nal.toString('base64'));
  const format = sendsParameterSets ? `;sprop-parameter-sets=${sprop.join(',')}` : '';
  return [
    ...['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=cam', 'c=IN IP4 0.0.0.0', 't=0 0', 'm=video 0 RTP/AVP 96'],
    ...['a=rtpmap:96 H264/90000', `a=fmtp:96 packetization-mode=1${format}`, 'a=control:video', ''],
  ].join('\r\n');
}

/** Sends unit after unit when it is due; returns what ends it. */
function play(
  socket: Socket,
  units: () => readonly Buffer[][],
  { fps, dueS = (picture) => picture / fps, reports }: RtspServerOptions,
  isStalled: () => boolean,
): () => void {
  const started = performance.now();
  let sequence = 0;
  let count = 0;
  const timer = setInterval(() => {
    for (; dueS(count) <= (performance.now() - started) / 1000; count++) {
      if (isStalled() || socket.destroyed) continue;
      const sinceReports = count - (reports?.afterPictures ?? Number.NaN);
      if (reports && sinceReports >= 0 && sinceReports % fps === 0)
        socket.write(senderReport(Date.now() + reports.aheadMs, performance.now() - started));
      const clip = units();
      const packets = clip[count % clip.length].flatMap((nal) => fragments(nal));
      packets.forEach((payload, i) => {
        const isLast = i === packets.length - 1;
        socket.write(rtp(payload, isLast, sequence++, Math.round(dueS(count) * 90000)));
      });
    }
  }, 4);
  return () => clearInterval(timer);
}

/** RFC 3550, 6.4.1: this wall clock time is that time of the stream. */
function senderReport(wallMs: number, streamMs: number): Buffer {
  const report = Buffer.alloc(4 + 28);
  report[0] = 0x24;
  report[1] = 1;
  report.writeUInt16BE(28, 2);
  report[4] = 0x80;
  report[5] = 200;
  report.writeUInt16BE(6, 6);
  report.writeUInt32BE(0x1234, 8);
  report.writeUInt32BE(Math.floor(wallMs / 1000) + 2_208_988_800, 12);
  report.writeUInt32BE(Math.floor(((wallMs % 1000) / 1000) * 2 ** 32), 16);
  report.writeUInt32BE(Math.round(streamMs * 90) >>> 0, 20);
  return report;
}

function rtp(payload: Buffer, isLast: boolean, sequence: number, time: number): Buffer {
  const head = Buffer.alloc(16);
  head[0] = 0x24;
  head.writeUInt16BE(12 + payload.length, 2);
  head[4] = 0x80;
  head[5] = 96 | (isLast ? 0x80 : 0);
  head.writeUInt16BE(sequence & 0xffff, 6);
  head.writeUInt32BE(time >>> 0, 8);
  head.writeUInt32BE(0x1234, 12);
  return Buffer.concat([head, payload]);
}

/** A NAL unit as it is, or cut into FU-A fragments. */
function fragments(nal: Buffer): Buffer[] {
  if (nal.length <= MAX_PAYLOAD) return [nal];
  const pieces: Buffer[] = [];
  for (let at = 1; at < nal.length; at += MAX_PAYLOAD) {
    const isLast = at + MAX_PAYLOAD >= nal.length;
    const edge = (at === 1 ? 0x80 : 0) | (isLast ? 0x40 : 0);
    const head = Buffer.from([(nal[0] & 0xe0) | 28, edge | (nal[0] & 0x1f)]);
    pieces.push(Buffer.concat([head, nal.subarray(at, at + MAX_PAYLOAD)]));
  }
  return pieces;
}

const kindOf = (nal: Buffer): number => nal[0] & 0x1f;
const isParameterSet = (nal: Buffer): boolean => kindOf(nal) === 7 || kindOf(nal) === 8;

/** NAL units by picture; needs one slice per picture. */
function accessUnits(annexB: Buffer): Buffer[][] {
  const units: Buffer[][] = [[]];
  for (const nal of splitNals(annexB)) {
    units.at(-1)!.push(nal);
    if (kindOf(nal) === 1 || kindOf(nal) === 5) units.push([]);
  }
  return units.slice(0, -1);
}

function splitNals(bytes: Buffer): Buffer[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf('000001', 0, 'hex'); at >= 0; at = bytes.indexOf('000001', at + 3, 'hex'))
    starts.push(at);
  return starts.map((at, i) => {
    const end = starts[i + 1] ?? bytes.length;
    const isLong = i + 1 < starts.length && bytes[end - 1] === 0;
    return bytes.subarray(at + 3, isLong ? end - 1 : end);
  });
}
