import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PosestreamError } from '../src/domain/errors.js';
import type { FrameId } from '../src/domain/frame.js';
import { bundledFfmpeg } from '../src/streams/ffmpegTool.js';
import { liveFrames } from '../src/streams/liveFrames.js';
import { liveInput } from '../src/streams/liveKinds.js';
import { type LiveOptions, openLive } from '../src/streams/liveSource.js';
import type { SourceStatus } from '../src/streams/sourceStatus.js';
import { type LiveAddress, parseSource } from '../src/streams/sourceUrl.js';
import { exists, hasFfmpeg, makeClip, pinhole, tempFolder } from './clips.js';
import { type RtspServer, type RtspServerOptions, startRtspServer } from './rtspServer.js';

const skip = hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH';
const FPS = 30;
const servers: RtspServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

const clip = skip ? Buffer.alloc(0) : makeAnnexB();

function makeAnnexB(): Buffer {
  const path = join(tempFolder(), 'cam.h264');
  const x264 = ['-bf', '0', '-g', '15', '-x264-params', 'slices=1:sliced-threads=0'];
  return readFileSync(makeClip(path, '320x180', 2, FPS, '-profile:v', 'baseline', ...x264));
}

async function serve(options: Partial<RtspServerOptions> = {}): Promise<RtspServer> {
  const server = await startRtspServer(clip, { fps: FPS, ...options });
  servers.push(server);
  return server;
}

interface Watched extends LiveOptions {
  readonly pids: number[];
  readonly kinds: string[];
  readonly statuses: SourceStatus[];
  readonly lines: string[];
}

function watched(extra: Partial<LiveOptions> = {}): Watched {
  const [pids, kinds, statuses, lines] = [[], [], [], []] as [number[], string[], SourceStatus[], string[]];
  return {
    ...{ camera: pinhole(320, 180), maxSidePx: 320, random: () => 0, pids, kinds, statuses, lines },
    onStart: (pid) => pids.push(pid),
    onLine: (line) => lines.push(line),
    onStatus: (status) => {
      statuses.push(status);
      kinds.push(status.kind);
    },
    ...extra,
  };
}

const openUrl = (url: string, options: LiveOptions) =>
  openLive(liveInput(parseSource(url) as LiveAddress), options);

type Seen = FrameId & { readonly ageMs: number };

/** Takes frames until `enough` of all seen so far says so. */
async function take(url: string, options: LiveOptions, enough: (seen: Seen[]) => boolean): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { pixels, camera, release, ...id } of openUrl(url, options)) {
    assert.equal(pixels.length, camera.widthPx * camera.heightPx);
    seen.push({ ...id, ageMs: Date.now() - id.captureMs });
    release();
    if (enough(seen)) break;
  }
  return seen;
}

const afterFrames = (count: number) => (seen: readonly Seen[]) => seen.length >= count;
const inEpoch = (epoch: number) => (seen: readonly Seen[]) => seen.at(-1)!.epoch === epoch;

for (const sendsParameterSets of [true, false])
  test(`frames under their arrival time, parameter sets ${sendsParameterSets ? 'announced' : 'in the stream'}`, {
    skip,
  }, async () => {
    const server = await serve({ sendsParameterSets });
    const options = watched();
    const seen = await take(server.url, options, afterFrames(45));
    assert.deepEqual(options.kinds, ['connecting', 'streaming', 'ended']);
    assert.deepEqual(
      seen.map((f) => f.sequence),
      seen.map((_, i) => i),
    );
    assert.ok(seen.every((f, i) => i === 0 || f.timestampS > seen[i - 1].timestampS));
    assert.ok(seen.every((f) => f.captureClock === 'arrival'));
    const spanS = seen[44].timestampS - seen[14].timestampS;
    assert.ok(Math.abs(spanS - 1) < 0.3, `30 frames in ${spanS} s`);
    const ages = seen.map((f) => f.ageMs).sort((a, b) => a - b);
    assert.ok(ages[0] > -20 && ages[22] < 400, `median age ${ages[22]} ms`);
    assert.deepEqual(options.pids.filter(exists), []);
  });

test('a camera that cuts the connection comes back in a new epoch', { skip }, async () => {
  const server = await serve();
  const options = watched();
  let cuts = 0;
  const seen = await take(server.url, options, (frames) => {
    if (frames.at(-1)!.epoch === cuts && frames.at(-1)!.sequence === 5 && cuts < 2) {
      cuts++;
      server.cut();
    }
    return frames.at(-1)!.epoch === 2;
  });
  assert.deepEqual([...new Set(seen.map((f) => f.epoch))], [0, 1, 2]);
  const once = ['connecting', 'streaming', 'retrying'];
  assert.deepEqual(options.kinds, [...once, ...once, 'connecting', 'streaming', 'ended']);
  assert.equal(server.plays(), 3);
  assert.equal(options.pids.length, 3);
  assert.deepEqual(options.pids.filter(exists), []);
});

test('a camera that falls silent is found out within the deadline', { skip }, async () => {
  const server = await serve();
  const options = watched({ stallMs: 600 });
  let stalledAt = 0;
  let toldAfterMs = 0;
  const onStatus = (status: SourceStatus) => {
    options.onStatus!(status);
    if (status.kind !== 'stalled') return;
    toldAfterMs = performance.now() - stalledAt;
    server.stall(false);
  };
  await take(server.url, { ...options, onStatus }, (frames) => {
    if (frames.length === 20) {
      server.stall(true);
      stalledAt = performance.now();
    }
    return inEpoch(1)(frames);
  });
  assert.deepEqual(options.kinds.slice(0, 6), [
    ...['connecting', 'streaming', 'stalled', 'retrying', 'connecting', 'streaming'],
  ]);
  assert.ok(toldAfterMs > 500 && toldAfterMs < 1600, `told after ${toldAfterMs} ms`);
  assert.ok(options.statuses.some((s) => s.kind === 'retrying' && s.error.code === 'E_SOURCE_STALL'));
  assert.deepEqual(options.pids.filter(exists), []);
});

test('a stopped decoder is killed and replaced', { skip }, async () => {
  const server = await serve();
  const options = watched({ stallMs: 600 });
  await take(server.url, options, (frames) => {
    if (frames.length === 10) process.kill(options.pids[0], 'SIGSTOP');
    return inEpoch(1)(frames);
  });
  assert.equal(options.pids.length, 2);
  assert.deepEqual(options.pids.filter(exists), []);
});

test('one that never sends a frame is retried, with pauses that grow', { skip }, async () => {
  const server = await serve();
  server.stall(true);
  const options = watched({ firstFrameMs: 1200 });
  await take(server.url, { ...options, onStatus: endStallAtThird(options, server) }, afterFrames(1));
  const pauses = options.statuses.flatMap((s) => (s.kind === 'retrying' ? [s.inMs] : []));
  assert.deepEqual(pauses.slice(0, 3), [125, 250, 500]);
  const silences = options.statuses.flatMap((s) => (s.kind === 'stalled' ? [s.silentMs] : []));
  assert.deepEqual(silences.slice(0, 3), [1200, 1200, 1200], 'found out by our own deadline');
});

function endStallAtThird(options: Watched, server: RtspServer) {
  return (status: SourceStatus) => {
    options.onStatus!(status);
    if (options.kinds.filter((kind) => kind === 'retrying').length === 3) server.stall(false);
  };
}

test('a camera that is not there is waited for', { skip }, async () => {
  const gone = await serve();
  const port = Number(new URL(gone.url.replace('rtsp', 'http')).port);
  await gone.close();
  const options = watched();
  const onStatus = (status: SourceStatus) => {
    options.onStatus!(status);
    if (status.kind === 'retrying' && status.attempt === 3) void serve({ port });
  };
  await take(gone.url, { ...options, onStatus }, afterFrames(1));
  const first = options.statuses.find((s) => s.kind === 'retrying');
  assert.match(first!.error.message, /does not accept connections/);
});

test('credentials work, and show nowhere; refused ones are not tried again', { skip }, async () => {
  const server = await serve({ credentials: 'admin:s3cr3t-canary' });
  const good = watched();
  await take(server.url, good, afterFrames(3));
  const bad = watched();
  const url = server.url.replace('canary', 'wrong-canary');
  await assert.rejects(take(url, bad, afterFrames(1)), (error) => {
    assert.ok(error instanceof PosestreamError && error.code === 'E_SOURCE_OPEN');
    assert.match(error.message, /\*\*\*@127\.0\.0\.1.*credentials/);
    assert.doesNotMatch(`${error.message} ${error.hint} ${error.stack}`, /canary/);
    return true;
  });
  const unknown = watched();
  const aborted = new AbortController();
  const missing = { ...unknown, signal: aborted.signal };
  const run = take(server.url.replace('/cam', '/none?token=canary'), missing, afterFrames(1));
  while (!unknown.kinds.includes('retrying')) await new Promise((resolve) => setTimeout(resolve, 20));
  aborted.abort();
  assert.deepEqual(await run, []);
  const told = JSON.stringify([good, bad, unknown].map(({ statuses, lines }) => [statuses, lines]));
  assert.doesNotMatch(told, /canary/);
  const retry = unknown.statuses.find((s) => s.kind === 'retrying');
  assert.match(retry!.error.message, /knows no such stream/);
  assert.doesNotMatch(retry!.error.message, /canary/);
});

test('intrinsics of another shape end the stream', { skip }, async () => {
  const server = await serve();
  await assert.rejects(
    take(server.url, { ...watched(), camera: pinhole(640, 480) }, afterFrames(1)),
    (error) => error instanceof PosestreamError && error.code === 'E_INTRINSICS_MISMATCH',
  );
});

test('a camera that sends us on to another server is followed: ffmpeg has no switch against it', {
  skip,
}, async () => {
  const other = await serve();
  const camera = await serve({ redirectTo: other.url });
  await take(camera.url, watched(), afterFrames(3));
  assert.deepEqual([camera.plays(), other.plays()], [0, 1]);
});

test('as a live stream: pushed while nobody waits, gone after unsubscribing', { skip }, async () => {
  const server = await serve();
  const options = watched();
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    const subscription = liveFrames(openUrl(server.url, options)).subscribe({
      next: (frame) => {
        frame.release();
        if (++seen < 20) return;
        subscription.unsubscribe();
        resolve();
      },
      error: reject,
    });
  });
  while (!options.kinds.includes('ended')) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(seen, 20);
  assert.deepEqual(options.pids.filter(exists), []);
});

test('with the build that comes with the package', { skip }, async (t) => {
  const bundled = await bundledFfmpeg();
  if (!bundled) return t.skip('no bundled ffmpeg for this platform');
  const server = await serve();
  process.env.FFMPEG_PATH = bundled;
  try {
    const seen = await take(server.url, watched(), afterFrames(20));
    assert.ok(seen.every((f) => Math.abs(f.ageMs) < 2000));
  } finally {
    process.env.FFMPEG_PATH = '';
  }
});
