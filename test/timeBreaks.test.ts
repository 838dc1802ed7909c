import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { FrameId } from '../src/domain/frame.js';
import { systemClock } from '../src/streams/clock.js';
import type { LiveInput } from '../src/streams/liveInput.js';
import { openVideo } from '../src/streams/videoFile.js';
import { ffmpeg, hasFfmpeg, makeClip, pinhole, tempFolder } from './clips.js';
import { startRtspServer } from './rtspServer.js';
import { inputOf, type Run, runSource } from './support/sourceRun.js';

const skip = hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH';
const folder = skip ? '' : tempFolder();
const FPS = 30;
/** Where a transport stream's 33-bit clock starts anew. */
const WRAP_S = 2 ** 33 / 90_000;

/** One second whose clock starts at each of these times in turn. */
function transportStream(...startsS: number[]): string {
  const clip = makeClip(join(folder, 'second.mp4'), '320x180', 1, FPS, '-bf', '0', '-g', '15');
  const parts = startsS.map((startS, i) => {
    const part = join(folder, `part${i}.ts`);
    ffmpeg('-i', clip, '-c', 'copy', '-output_ts_offset', String(startS), '-muxdelay', '0', part);
    return readFileSync(part);
  });
  const path = join(folder, `${startsS.join('_')}.ts`);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/** An encoder's datagrams, a second of video in a second. */
async function sendTo(port: number, path: string, seconds: number): Promise<void> {
  const bytes = readFileSync(path);
  const socket = createSocket('udp4');
  const began = performance.now();
  for (let at = 0; at < bytes.length; at += 1316) {
    const dueMs = (at / bytes.length) * seconds * 1000;
    const waitMs = dueMs - (performance.now() - began);
    if (waitMs > 1) await delay(waitMs);
    socket.send(bytes.subarray(at, at + 1316), port, '127.0.0.1');
  }
  socket.close();
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  socket.close();
  return port;
}

describe('clocks that wrap, jump and run backward', { skip, concurrency: true }, () => {
  test('over UDP: frames bear their arrival, whatever the clock in the stream says', async () => {
    const path = transportStream(10, 500, 20, WRAP_S - 0.5, 3);
    const port = await freeUdpPort();
    const over = new AbortController();
    const sending = (async () => {
      while (!over.signal.aborted) await sendTo(port, path, 5);
    })();
    const run = await runSource(inputOf(`udp://127.0.0.1:${port}`), ({ frames }) => frames.length >= 240, {
      stallMs: 5000,
    });
    over.abort();
    await sending;
    for (const [i, frame] of run.frames.entries()) {
      assert.ok(i === 0 || frame.timestampS >= run.frames[i - 1].timestampS, `frame ${i} runs backward`);
      assert.ok(
        Math.abs(frame.atMs - frame.captureMs) < 5000,
        `frame ${i} is ${frame.atMs - frame.captureMs} ms old`,
      );
    }
    assert.equal(run.frames.at(-1)!.epoch, 0, run.kinds.join(' '));
  });

  test('in a file: a jump ahead begins an epoch, a clock that wraps loses no frame', async () => {
    const jump = await framesOf(transportStream(10, 500));
    const firsts = jump.filter(({ sequence }) => sequence === 0);
    assert.deepEqual(
      firsts.map(({ epoch, timestampS }) => [epoch, Math.round(timestampS)]),
      [
        [0, 10],
        [1, 500],
      ],
    );
    assert.equal(jump.length, 2 * FPS);
    const wrap = await framesOf(transportStream(WRAP_S - 0.5));
    assert.equal(wrap.length, FPS);
    for (const [i, frame] of wrap.entries()) {
      const before = wrap[i - 1];
      if (before?.epoch === frame.epoch)
        assert.ok(Math.abs(frame.timestampS - before.timestampS - 1 / FPS) < 1e-3);
    }
  });

  test('our own clock is set ahead by an hour: ages stay, capture times follow', async () => {
    const server = await startRtspServer(readFileSync(annexB()), { fps: FPS });
    const open = async (...args: Parameters<ReturnType<typeof inputOf>>): Promise<LiveInput> => {
      const input = await inputOf(server.url)(...args);
      const own = input.inputOptions.join(' ').replace('-use_wallclock_as_timestamps 1 ', '');
      return { ...input, clock: 'media', inputOptions: own.split(' ') };
    };
    let stepMs = 0;
    const wallMs = () => systemClock.nowMs() + stepMs;
    const ages: number[] = [];
    const isEnough = ({ frames }: Run): boolean => {
      if (frames.length > 0) ages.push(wallMs() - frames.at(-1)!.captureMs);
      if (frames.length === 30) stepMs = 3_600_000;
      return frames.length >= 60;
    };
    const { frames, kinds } = await runSource(open, isEnough, { wallMs });
    await server.close();
    assert.ok(frames[59].captureMs - frames[20].captureMs > 3_600_000);
    assert.ok(Math.max(...ages.slice(32)) < 60_000, `ages up to ${Math.max(...ages.slice(32))} ms`);
    assert.ok(kinds.every((kind) => kind !== 'stalled' && kind !== 'retrying'));
  });
});

async function framesOf(path: string): Promise<FrameId[]> {
  const seen: FrameId[] = [];
  for await (const frame of openVideo(path, { camera: pinhole(320, 180), maxSidePx: 320 })) {
    seen.push(frame);
    frame.release();
  }
  return seen;
}

function annexB(): string {
  const x264 = [
    '-profile:v',
    'baseline',
    '-bf',
    '0',
    '-g',
    '15',
    '-x264-params',
    'slices=1:sliced-threads=0',
  ];
  return makeClip(join(folder, 'cam.h264'), '320x180', 1, FPS, ...x264);
}
