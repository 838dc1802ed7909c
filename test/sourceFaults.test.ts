import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { map, take, tap, timer } from 'rxjs';
import { PosestreamError } from '../src/domain/errors.js';
import type { Frame } from '../src/domain/frame.js';
import { conflateScan } from '../src/operators/conflateScan.js';
import { type BufferPool, bufferPool } from '../src/streams/bufferPool.js';
import { tellsDamage } from '../src/streams/damage.js';
import { liveFrames } from '../src/streams/liveFrames.js';
import type { LiveInput } from '../src/streams/liveInput.js';
import { openLive } from '../src/streams/liveSource.js';
import { exists, ffmpeg, hasFfmpeg, makeClip, pinhole, tempFolder } from './clips.js';
import { type RtspServer, type RtspServerOptions, startRtspServer } from './rtspServer.js';
import { PASS, startChaosProxy } from './support/chaosProxy.js';
import { inputOf, type Run, runSource } from './support/sourceRun.js';

const skip = hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH';
const FPS = 30;
const servers: RtspServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

const folder = skip ? '' : tempFolder();
const X264 = ['-profile:v', 'baseline', '-bf', '0', '-x264-params', 'slices=1:sliced-threads=0'];

function moving(size: string, seconds = 1, gop = 15): Buffer {
  return readFileSync(makeClip(join(folder, `${size}.h264`), size, seconds, FPS, ...X264, '-g', `${gop}`));
}

/** Eight seconds of one picture as a camera sends it, with its noise or without. */
function still(name: string, ...noise: string[]): Buffer {
  const path = join(folder, `${name}.h264`);
  const filter = ['loop=loop=-1:size=1:start=0', ...noise].join(',');
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${FPS}`, '-vf', filter, '-t', '8'];
  ffmpeg(...source, '-pix_fmt', 'yuv420p', '-preset', 'veryfast', ...X264, '-g', '60', '-crf', '28', path);
  return readFileSync(path);
}

/** A transport stream of two seconds, key frames a second apart, without these pictures. */
function withoutPictures(from: number, to: number): string {
  const PACKET = 188;
  const path = join(folder, 'cut.ts');
  const video = makeClip(join(folder, 'whole.ts'), '320x180', 2, FPS, ...X264, '-c:v', 'libx264', '-g', '30');
  const bytes = readFileSync(video);
  let picture = -1;
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PACKET) {
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    const begins = (bytes[at + 1] & 0x40) !== 0;
    if (pid === 256 && begins) picture++;
    if (pid !== 256 || picture < from || picture >= to) kept.push(bytes.subarray(at, at + PACKET));
  }
  writeFileSync(path, Buffer.concat(kept));
  return path;
}

async function serve(clip: Buffer, options: Partial<RtspServerOptions> = {}): Promise<RtspServer> {
  const server = await startRtspServer(clip, { fps: FPS, ...options });
  servers.push(server);
  return server;
}

const clip = skip ? Buffer.alloc(0) : moving('320x180');

describe('faults of a live source', { skip, concurrency: true }, () => {
  test('another resolution on the way: an epoch later, with intrinsics of its own', async () => {
    const server = await serve(clip, { sendsParameterSets: false });
    const larger = moving('640x360');
    const isEnough = ({ frames }: Run): boolean => {
      if (frames.length === 20) server.show(larger);
      return frames.length > 0 && frames.at(-1)!.widthPx === 640 && frames.at(-1)!.sequence >= 10;
    };
    const { frames } = await runSource(inputOf(server.url), isEnough, { maxSidePx: 640 });
    for (const { epoch, widthPx, heightPx, focalPx } of frames) {
      assert.equal(focalPx, (500 * widthPx) / 320);
      assert.equal(heightPx, (180 * widthPx) / 320);
      assert.equal(epoch > 0, widthPx === 640);
    }
  });

  test('another shape of the same area on the way ends the stream: the intrinsics are of another camera', async () => {
    const server = await serve(clip, { sendsParameterSets: false });
    const square = moving('240x240');
    const pool = bufferPool();
    const isEnough = ({ frames }: Run): boolean => {
      if (frames.length === 20) server.show(square);
      return false;
    };
    await assert.rejects(runSource(inputOf(server.url), isEnough, { pool }), (error) => {
      assert.ok(error instanceof PosestreamError && error.code === 'E_INTRINSICS_MISMATCH', String(error));
      return true;
    });
    assert.equal(pool.lent(), 0);
  });

  for (const [what, size] of [
    ['too small', '48x32'],
    ['too large to be decoded', '8200x5000'],
  ])
    test(`a picture that is ${what} is refused, and a better one taken`, async () => {
      const server = await serve(moving(size, 1 / FPS), { sendsParameterSets: false, fps: 5 });
      const isEnough = ({ frames, kinds }: Run): boolean => {
        if (kinds.at(-1) === 'retrying') server.show(clip);
        return frames.length > 5;
      };
      const run = await runSource(inputOf(server.url), isEnough, { maxSidePx: 640 });
      assert.ok(run.frames.every(({ widthPx }) => widthPx === 320));
      const told = run.statuses.find((s) => s.kind === 'retrying');
      assert.match(told!.error.code, /E_SOURCE_(FORMAT|STALL|OPEN)/);
    });

  test('a rate that varies, by seconds and by frames, is no stall and breaks no time line', async () => {
    // Within each five pictures: at once, 30, 10, 3 and 1.2 frames a second.
    const pausesS = [0.002, 1 / 30, 1 / 10, 1 / 3, 1 / 1.2];
    const roundS = pausesS.reduce((a, b) => a + b);
    const within = (count: number) => pausesS.slice(0, count).reduce((a, b) => a + b, 0);
    const server = await serve(clip, {
      dueS: (picture) => Math.floor(picture / 5) * roundS + within(picture % 5),
    });
    const run = await runSource(inputOf(server.url), ({ frames }) => frames.length >= 60, { stallMs: 2000 });
    assert.deepEqual(run.kinds, ['connecting', 'streaming', 'ended']);
    assert.equal(run.frames.at(-1)!.epoch, 0);
  });

  test('one picture again and again through an encoder is frozen, until it moves', async () => {
    const server = await serve(still('frozen'));
    const isEnough = ({ kinds, frames }: Run): boolean => {
      if (kinds.at(-1) === 'frozen') server.show(clip);
      return kinds.includes('frozen') && kinds.at(-1) === 'streaming' && frames.at(-1)!.reject === undefined;
    };
    const run = await runSource(inputOf(server.url), isEnough);
    assert.deepEqual(run.kinds, ['connecting', 'streaming', 'frozen', 'streaming', 'ended']);
    assert.ok(run.frames.some(({ reject }) => reject === 'frozen'));
  });

  test('a parked camera, whose pictures differ by noise alone, is not frozen', async () => {
    const server = await serve(still('parked', 'noise=alls=4:allf=t'));
    const run = await runSource(inputOf(server.url), ({ frames }) => frames.length >= 10 * FPS);
    assert.deepEqual(run.kinds, ['connecting', 'streaming', 'ended']);
    assert.ok(run.frames.every(({ reject }) => reject === undefined));
  });

  test('a burst after a pause: the newest is worked on, the others are dropped, each once', async () => {
    const server = await serve(clip);
    const line = await startChaosProxy(Number(new URL(server.url.replace('rtsp', 'http')).port));
    const pool = bufferPool();
    let heldFrom = 0;
    const fates = await fatesOf(`rtsp://127.0.0.1:${line.port}/cam`, 200, pool, (seen) => {
      if (seen.length !== 50) return;
      heldFrom = Math.max(...seen.map(({ sequence }) => sequence));
      line.set({ kind: 'hold' });
      setTimeout(() => line.set(PASS), 1500);
    });
    await line.close();
    const burst = fates.filter(({ sequence }) => sequence > heldFrom + 2 && sequence <= heldFrom + 40);
    const worked = burst.filter(({ isRun }) => isRun).length;
    // As long as the burst comes in, however slow the machine, one after another is begun.
    const times = burst.map(({ cameMs }) => cameMs);
    const most = 3 + (Math.max(...times) - Math.min(...times)) / WORK_MS;
    assert.ok(worked <= most, `${worked} of ${burst.length} frames of the burst were worked on`);
  });

  test('a flood of pictures: what cannot be worked on is dropped, nothing piles up', async () => {
    const server = await serve(clip, { dueS: (picture) => picture / 1000 });
    const pool = bufferPool();
    let most = 0;
    const fates = await fatesOf(server.url, 1000, pool, () => {
      most = Math.max(most, pool.lent());
    });
    assert.ok(fates.filter(({ isRun }) => isRun).length < 500);
    assert.ok(most <= 40, `${most} pictures were out at once`);
  });

  test('a damaged stream makes its frames suspect, until a key frame came through', async () => {
    const damaged = join(folder, 'damaged.h264');
    writeFileSync(join(folder, 'whole.h264'), clip);
    const noise = ['-c', 'copy', '-bsf:v', 'noise=amount=2000', '-f', 'h264', damaged];
    ffmpeg('-f', 'h264', '-i', join(folder, 'whole.h264'), ...noise);
    const server = await serve(clip);
    const isEnough = ({ frames }: Run): boolean => {
      const last = frames.at(-1);
      if (frames.length === 20) server.show(readFileSync(damaged));
      if (last?.isSuspect) server.show(clip);
      return frames.some(({ isSuspect }) => isSuspect) && last?.isSuspect === undefined;
    };
    const run = await runSource(inputOf(server.url), isEnough);
    assert.ok(run.frames.slice(0, 20).every(({ isSuspect }) => isSuspect === undefined));
    const [first, last] = [run.frames.find(({ isSuspect }) => isSuspect)!, run.frames.at(-1)!];
    // The clean clip has a key frame every half second.
    if (first.epoch === last.epoch) assert.ok(last.timestampS - first.timestampS < 10);
    assert.ok(run.lines.length > 0, 'the decoder complained');
  });

  test('whole pictures that are missing make the next ones suspect, although no decoder complains', async () => {
    const path = withoutPictures(8, 14);
    const open = (): LiveInput => ({
      ...{ label: 'cut', input: path, isListener: false, clock: 'media' },
      inputOptions: ['-f', 'mpegts', '-flags', 'low_delay', '-threads', '1', '-re', '-copyts'],
    });
    const run = await runSource(open, ({ frames }) => frames.length >= 50);
    assert.deepEqual(run.lines.filter(tellsDamage), []);
    const suspects = run.frames.flatMap(({ sequence, isSuspect }) => (isSuspect ? [sequence] : []));
    // Picture 30, the 24th that is left, is the next key frame.
    assert.ok(suspects[0] <= 9 && suspects.at(-1)! >= 23 && suspects.at(-1)! <= 40, suspects.join(' '));
  });

  test('pictures are given back over every reconnect', async () => {
    const server = await serve(clip);
    const pool = bufferPool();
    const lent: number[] = [];
    const isEnough = ({ frames }: Run): boolean => {
      const last = frames.at(-1);
      if (last?.sequence === 8) server.cut();
      return (last?.epoch ?? 0) >= 6;
    };
    const run = await runSource(inputOf(server.url), isEnough, {
      pool,
      onStatus: ({ kind }) => kind === 'retrying' && lent.push(pool.lent()),
    });
    assert.ok(lent.length >= 6);
    assert.deepEqual([...new Set(lent)], [0]);
    assert.equal(pool.lent(), 0);
    assert.deepEqual(run.pids.filter(exists), []);
  });
});

interface Fate {
  readonly sequence: number;
  readonly isRun: boolean;
  /** When it came out of the decoder. */
  readonly cameMs: number;
}

const WORK_MS = 200;

/** What becomes of frames where each that is worked on takes `WORK_MS`; every one has one fate, and is given back. */
async function fatesOf(
  url: string,
  count: number,
  pool: BufferPool,
  onFate: (seen: readonly Fate[]) => void,
): Promise<readonly Fate[]> {
  const fates: Fate[] = [];
  const cameMs = new Map<number, number>();
  const fate = (frame: Frame, isRun: boolean): Fate => {
    frame.release();
    return { sequence: frame.sequence, isRun, cameMs: cameMs.get(frame.sequence)! };
  };
  const options = { camera: pinhole(320, 180), maxSidePx: 320, stallMs: 10_000, firstFrameMs: 20_000, pool };
  const worked = liveFrames(openLive(inputOf(url), options)).pipe(
    tap(({ sequence }) => cameMs.set(sequence, performance.now())),
    conflateScan<Frame, null, Fate>({
      seed: null,
      next: () => null,
      project: (frame) => timer(WORK_MS).pipe(map(() => fate(frame, true))),
      displaced: (frame) => fate(frame, false),
    }),
    take(count),
  );
  await worked.forEach((next) => {
    fates.push(next);
    onFate(fates);
  });
  assert.equal(new Set(fates.map(({ sequence }) => sequence)).size, count, 'no frame met its fate twice');
  while (pool.lent() > 2) await delay(20);
  return fates;
}
