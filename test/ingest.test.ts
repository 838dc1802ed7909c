import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import type { FrameId } from '../src/domain/frame.js';
import { createGateway } from '../src/server/gateway.js';
import { openLive } from '../src/streams/liveSource.js';
import { pushPort } from '../src/streams/pushed.js';
import { hasFfmpeg, pinhole } from './clips.js';
import { FAKE_MODEL, fakeMap } from './fakeScene.js';

const skip = hasFfmpeg ? false : 'no ffmpeg on the PATH';
const TOKEN = 'a-token-of-the-test';
const port = pushPort();
const options = { map: fakeMap(), model: FAKE_MODEL, serverVersion: '0', token: TOKEN, port: 0 };
const gateway = await createGateway({
  ...options,
  streams: [{ id: 'phone', ingest: port.attach }, { id: 'car' }],
});
after(() => gateway.close());

const connect = (stream: string, token = TOKEN) =>
  new WebSocket(`${gateway.url.replace('http', 'ws')}ingest/${stream}`, {
    headers: { authorization: `Bearer ${token}` },
  });

interface Sending {
  readonly socket: WebSocket;
  readonly pause: () => void;
  readonly stop: () => void;
}

/** Sends a live test picture in the container, in pieces of the size a recorder makes, until told to stop. */
async function send(...container: string[]): Promise<Sending> {
  const socket = connect('phone');
  await once(socket, 'open');
  const encoder = spawn(
    'ffmpeg',
    [
      ...['-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30'],
      ...container,
      '-flush_packets',
      '1',
      '-',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  encoder.stdout.on('data', (piece: Buffer) => socket.readyState === socket.OPEN && socket.send(piece));
  socket.on('error', () => undefined);
  return {
    socket,
    pause: () => encoder.kill('SIGSTOP'),
    stop: () => {
      encoder.kill('SIGKILL');
      socket.close();
    },
  };
}

const WEBM = [
  '-c:v',
  'libvpx',
  '-deadline',
  'realtime',
  '-b:v',
  '500k',
  '-cluster_time_limit',
  '250',
  '-f',
  'webm',
];
const H264 = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-tune',
  'zerolatency',
  '-g',
  '15',
  '-pix_fmt',
  'yuv420p',
];
const TS = [...H264, '-f', 'mpegts'];
const MP4 = [...H264, '-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4'];

test('video pushed over a WebSocket: WebM, MPEG-TS, fragmented MP4, each an epoch', { skip }, async () => {
  const signal = AbortSignal.timeout(60_000);
  const seen: FrameId[] = [];
  let sender = await send(...WEBM);
  const next = [TS, MP4];
  for await (const { pixels, camera, release, ...frame } of openLive(port.open, {
    ...{ camera: pinhole(320, 180), maxSidePx: 320, signal, stallMs: 5000 },
  })) {
    release();
    assert.equal(pixels.length, 320 * 180);
    const before = seen.at(-1);
    assert.equal(frame.sequence, before?.epoch === frame.epoch ? before.sequence + 1 : 0);
    seen.push(frame);
    if (frame.sequence !== 40) continue;
    sender.stop();
    const container = next.shift();
    if (container === undefined) break;
    await once(sender.socket, 'close');
    sender = await send(...container);
  }
  sender.stop();
  assert.deepEqual([...new Set(seen.map(({ epoch }) => epoch))], [0, 1, 2]);
  for (const epoch of [0, 1, 2]) {
    const [from, to] = [10, 40].map((k) => seen.find((f) => f.epoch === epoch && f.sequence === k)!);
    assert.ok(Math.abs(to.timestampS - from.timestampS - 1) < 0.002, 'the times of its own clock');
    assert.ok(Math.abs(to.captureMs - Date.now()) < 60_000, 'capture time on our clock');
  }
});

test('who may send: with a token, to a stream that takes video, the newest one, video only', {
  skip,
}, async () => {
  const refused = async (socket: WebSocket): Promise<unknown> => {
    const [error] = await once(socket, 'error');
    return (error as Error).message;
  };
  assert.match(String(await refused(connect('phone', 'wrong'))), /401/);
  assert.match(String(await refused(connect('car'))), /404/);
  assert.match(String(await refused(connect('nobody'))), /404/);

  const first = connect('phone');
  await once(first, 'open');
  const second = connect('phone');
  const [replaced] = await once(first, 'close');
  assert.equal(replaced, 1008);
  second.send('text');
  const [notBinary] = await once(second, 'close');
  assert.equal(notBinary, 1003);
});

test('a sender that pauses for too long is told to come back, not that its video is bad', {
  skip,
}, async () => {
  const over = new AbortController();
  const sender = await send(...TS);
  const closed = once(sender.socket, 'close');
  void closed.then(() => over.abort());
  let frames = 0;
  for await (const { release } of openLive(port.open, {
    ...{ camera: pinhole(320, 180), maxSidePx: 320, signal: over.signal, stallMs: 700 },
  })) {
    release();
    if (++frames === 20) sender.pause();
  }
  const [code] = await closed;
  assert.equal(code, 1013);
  sender.stop();
});

test('bytes that are no video end the connection, and the next sender is served', { skip }, async () => {
  const signal = AbortSignal.timeout(30_000);
  const garbage = connect('phone');
  await once(garbage, 'open');
  const closed = once(garbage, 'close');
  const frames = openLive(port.open, { camera: pinhole(320, 180), maxSidePx: 320, signal });
  const first = frames[Symbol.asyncIterator]().next();
  for (let i = 0; i < 40; i++) garbage.send(Buffer.alloc(32_768, `not a video ${i}`));
  const [code] = await closed;
  assert.equal(code, 1003);
  const sender = await send(...TS);
  const { value } = await first;
  value?.release();
  assert.equal(value?.camera.widthPx, 320);
  sender.stop();
});
