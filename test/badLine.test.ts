import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createRandom } from '../src/kernels/random.js';
import type { SourceStatus } from '../src/streams/sourceStatus.js';
import { exists, hasFfmpeg, makeClip, pinhole, tempFolder } from './clips.js';
import { startRtspServer } from './rtspServer.js';
import { type ChaosProxy, DRIBBLE, PASS, startChaosProxy, type Trouble } from './support/chaosProxy.js';
import { type GstCamera, hasGstCamera, startGstCamera } from './support/gstCamera.js';
import { inputOf, type Run, runSource } from './support/sourceRun.js';

const skip = hasFfmpeg ? false : 'no ffmpeg on the PATH';
const skipGst = skip || (!hasGstCamera && 'no GStreamer RTSP server (Debian: gir1.2-gst-rtsp-server-1.0)');
const FPS = 30;
const STALL_MS = 1000;
const closing: (() => Promise<void>)[] = [];
after(() => Promise.all(closing.map((close) => close())));

const clip = skip ? Buffer.alloc(0) : cameraClip();

function cameraClip(): Buffer {
  const x264 = ['-bf', '0', '-g', '15', '-x264-params', 'slices=1:sliced-threads=0'];
  const path = join(tempFolder(), 'cam.h264');
  return readFileSync(makeClip(path, '320x180', 2, FPS, '-profile:v', 'baseline', ...x264));
}

async function behindBadLine(): Promise<{ readonly url: string; readonly line: ChaosProxy }> {
  const server = await startRtspServer(clip, { fps: FPS });
  const line = await startChaosProxy(Number(new URL(server.url.replace('rtsp', 'http')).port));
  closing.push(line.close, server.close);
  return { url: `rtsp://127.0.0.1:${line.port}/cam`, line };
}

/** Once this many frames are there, does something to the camera; then waits for the stall and for frames after it. */
async function foundOut(url: string, frames: number, hurt: () => void, heal: () => void, sidePx = 320) {
  let lastFrameMs = 0;
  let stalledMs = 0;
  const isEnough = (run: Run): boolean => {
    if (stalledMs === 0) lastFrameMs = performance.now();
    if (run.frames.length === frames && stalledMs === 0) hurt();
    return run.frames.length > 0 && run.frames.at(-1)!.epoch > 0;
  };
  const onStatus = ({ kind }: SourceStatus) => {
    if (kind !== 'stalled' || stalledMs > 0) return;
    stalledMs = performance.now() - lastFrameMs;
    heal();
  };
  const camera = pinhole(sidePx, sidePx === 640 ? 480 : 180);
  const run = await runSource(inputOf(url), isEnough, { onStatus, camera, maxSidePx: sidePx });
  return { run, stalledMs };
}

function assertSoon(stalledMs: number, run: Run): void {
  assert.ok(stalledMs >= STALL_MS - 50 && stalledMs < STALL_MS + 1000, `found out after ${stalledMs} ms`);
  assert.ok(run.statuses.some((s) => s.kind === 'retrying' && s.error.code === 'E_SOURCE_STALL'));
  assert.deepEqual(run.pids.filter(exists), []);
}

describe('a camera behind a bad line', { concurrency: true }, () => {
  test("GStreamer's server hangs: found out within a second of the deadline", { skip: skipGst }, async () => {
    const camera: GstCamera = await startGstCamera();
    closing.push(camera.kill);
    const stop = () => camera.process.kill('SIGSTOP');
    const { run, stalledMs } = await foundOut(
      camera.url,
      40,
      stop,
      () => camera.process.kill('SIGCONT'),
      640,
    );
    assertSoon(stalledMs, run);
  });

  test('a line that drips a few bytes a second is found out like one that is silent', { skip }, async () => {
    const { url, line } = await behindBadLine();
    const { run, stalledMs } = await foundOut(
      url,
      40,
      () => line.set(DRIBBLE),
      () => line.set(PASS),
    );
    assertSoon(stalledMs, run);
  });

  test('late, uneven and held-up frames below the deadline are no stall', { skip }, async () => {
    const { url, line } = await behindBadLine();
    const { uniform } = createRandom(7);
    const wait = (run: Run): void => {
      // Anew at every tenth frame, so that load on the machine moves no pause beyond what is wanted.
      const kinds: Trouble[] = [{ kind: 'delay', ms: 300 * uniform() }, { kind: 'hold' }, PASS];
      const next = kinds[Math.floor(run.frames.length / 10) % 3];
      line.set(next);
      if (next.kind === 'hold') setTimeout(() => line.set(PASS), 100 + 300 * uniform());
    };
    const run = await runSource(
      inputOf(url),
      (seen) => {
        if (seen.frames.length % 10 === 9) wait(seen);
        return seen.frames.length >= 240;
      },
      { stallMs: 2000 },
    );
    assert.deepEqual(run.kinds, ['connecting', 'streaming', 'ended']);
    assert.equal(run.frames.at(-1)!.epoch, 0);
  });

  test('lost bytes, cuts and a starved line, in any order: it always comes back, nothing stays behind', {
    skip,
  }, async () => {
    const { url, line } = await behindBadLine();
    const { uniform } = createRandom(11);
    const troubles: (() => void)[] = [
      () => line.set({ kind: 'drop', share: 0.1 + 0.4 * uniform() }),
      () => line.cut(),
      () => line.set({ kind: 'throttle', bytesPerS: 3000 }),
      () => line.set({ kind: 'delay', ms: 200 }),
      () => line.cut(),
      () => line.set({ kind: 'drop', share: 0.9 }),
    ];
    let done = 0;
    let fresh = 0;
    const isEnough = ({ kinds }: Run): boolean => {
      fresh = kinds.at(-1) === 'streaming' ? fresh + 1 : 0;
      if (done === troubles.length) return fresh > 30;
      if (fresh < 15) return false;
      fresh = 0;
      troubles[done++]();
      setTimeout(() => line.set(PASS), 1500);
      return false;
    };
    const run = await runSource(inputOf(url), isEnough);
    assert.ok(run.frames.at(-1)!.epoch >= 2, 'both cuts began an epoch');
    assert.deepEqual(run.pids.filter(exists), []);
  });
});
