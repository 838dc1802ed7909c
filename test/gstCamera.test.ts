import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { liveInput } from '../src/streams/liveKinds.js';
import { openLive } from '../src/streams/liveSource.js';
import { type LiveAddress, parseSource } from '../src/streams/sourceUrl.js';
import { exists, hasFfmpeg, pinhole } from './clips.js';
import {
  type GstCamera,
  hasGstCamera,
  hasGstH265Camera,
  pictureTimeMs,
  startGstCamera,
} from './support/gstCamera.js';

const skip = !hasFfmpeg
  ? 'no ffmpeg on the PATH'
  : !hasGstCamera && 'no GStreamer RTSP server (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi)';

const skipH265 = skip || (!hasGstH265Camera && 'GStreamer has no x265enc (Debian: gstreamer1.0-plugins-bad)');
const INTERVAL_MS = 1000 / 30;

const cameras: GstCamera[] = [];
after(() => Promise.all(cameras.map((camera) => camera.kill())));

async function start(port = 0, ...args: string[]): Promise<GstCamera> {
  const camera = await startGstCamera(port, ...args);
  cameras.push(camera);
  return camera;
}

test("GStreamer's server, killed and started again: pictures say when they were made", { skip }, async () => {
  const first = await start();
  const pids: number[] = [];
  const kinds: string[] = [];
  const offsetsMs: number[] = [];
  const toldOffsetsMs: number[] = [];
  let last = { epoch: -1, sequence: -1 };
  let restarted = 0;
  const options = {
    camera: pinhole(640, 480),
    maxSidePx: 640,
    signal: AbortSignal.timeout(40_000),
    onStart: (pid: number) => pids.push(pid),
    onStatus: ({ kind }: { kind: string }) => kinds.push(kind),
  };
  const address = parseSource(first.url) as LiveAddress;
  for await (const frame of openLive(liveInput(address), options)) {
    assert.equal(frame.sequence, frame.epoch === last.epoch ? last.sequence + 1 : 0);
    last = { epoch: frame.epoch, sequence: frame.sequence };
    const offsetMs = frame.captureMs - pictureTimeMs(frame.pixels, frame.camera.widthPx);
    (frame.captureClock === 'rtcp' ? toldOffsetsMs : offsetsMs).push(offsetMs);
    frame.release();
    if (frame.epoch === 0 && frame.sequence === 120) {
      await first.kill();
      restarted = Date.now();
      void start(first.port);
    }
    if (frame.epoch === 1 && frame.sequence === 30) break;
  }
  assert.deepEqual(last, { epoch: 1, sequence: 30 }, kinds.join(' '));
  assert.ok(restarted > 0 && kinds.includes('retrying'));
  // The stamp is the arrival of the compressed picture: after it was made, and by no more than a loaded machine takes.
  const sorted = offsetsMs.sort((a, b) => a - b);
  assert.ok(sorted[0] > -5, `a picture arrived ${-sorted[0]} ms before it was made`);
  assert.ok(
    sorted[Math.floor(sorted.length / 2)] < 1000,
    `median ${sorted[Math.floor(sorted.length / 2)]} ms`,
  );
  // The camera's own clock, which here is ours, tells the moment itself.
  assert.ok(toldOffsetsMs.length > 20, `${toldOffsetsMs.length} frames with the camera's clock`);
  const worstMs = Math.max(...toldOffsetsMs.map(Math.abs));
  assert.ok(worstMs < INTERVAL_MS, `the camera's clock is off by ${worstMs} ms`);
  assert.deepEqual(pids.filter(exists), []);
});

test("an H.265 camera's own clock tells when its pictures were made", { skip: skipH265 }, async () => {
  const { url } = await start(0, '--codec', 'h265', '--size', '320x240');
  const offsetsMs: number[] = [];
  const signal = AbortSignal.timeout(40_000);
  const pids: number[] = [];
  const onStart = (pid: number) => pids.push(pid);
  const options = { camera: pinhole(320, 240), maxSidePx: 320, signal, onStart };
  for await (const frame of openLive(liveInput(parseSource(url) as LiveAddress), options)) {
    const madeMs = pictureTimeMs(frame.pixels, frame.camera.widthPx);
    if (frame.captureClock === 'rtcp') offsetsMs.push(Math.abs(frame.captureMs - madeMs));
    assert.ok(frame.captureMs <= 1000 * frame.timestampS + 1e-3, 'made before it arrived');
    frame.release();
    if (offsetsMs.length === 60) break;
  }
  const sorted = offsetsMs.sort((a, b) => a - b);
  assert.equal(sorted.length, 60, 'frames with the clock of the camera');
  assert.ok(sorted[30] < 5, `half are off by ${sorted[30]} ms and more`);
  assert.ok(sorted[59] < INTERVAL_MS, `one is off by ${sorted[59]} ms`);
  assert.equal(pids.length, 1, 'one connection');
  assert.deepEqual(pids.filter(exists), []);
});
