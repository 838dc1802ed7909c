import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { exists, hasFfmpeg, makeClip, pinhole, tempFolder } from './clips.js';
import { startRtspServer } from './rtspServer.js';
import { hasGstCamera, startGstCamera } from './support/gstCamera.js';
import { inputOf, runSource } from './support/sourceRun.js';

const skip = hasFfmpeg ? false : 'no ffmpeg on the PATH';
const skipGst = skip || (!hasGstCamera && 'no GStreamer RTSP server (Debian: gir1.2-gst-rtsp-server-1.0)');
const FPS = 30;
const closing: (() => Promise<void>)[] = [];
after(() => Promise.all(closing.map((close) => close())));

const clip = skip ? Buffer.alloc(0) : cameraClip();

function cameraClip(): Buffer {
  const x264 = ['-bf', '0', '-g', '15', '-x264-params', 'slices=1:sliced-threads=0'];
  const path = join(tempFolder(), 'cam.h264');
  return readFileSync(makeClip(path, '320x180', 2, FPS, '-profile:v', 'baseline', ...x264));
}

async function cameraThatReports(aheadMs: number): Promise<string> {
  const server = await startRtspServer(clip, { fps: FPS, reports: { afterPictures: 60, aheadMs } });
  closing.push(server.close);
  return server.url;
}

describe("a camera's own clock, told by RTCP sender reports", { skip, concurrency: true }, () => {
  test('frames bear it from soon after the first report, and their arrival before', async () => {
    // Half a second ago: far from the arrival, and near enough to be the way of a picture.
    const { frames, statuses } = await runSource(
      inputOf(await cameraThatReports(-500)),
      (run) => run.frames.length >= 150,
    );
    const firstTold = frames.findIndex(({ captureClock }) => captureClock === 'rtcp');
    assert.ok(firstTold >= 30 && firstTold < 90, `from frame ${firstTold} on`);
    assert.ok(frames.slice(firstTold).every(({ captureClock }) => captureClock === 'rtcp'));
    for (const [i, { captureMs, timestampS }] of frames.entries()) {
      const wayMs = 1000 * timestampS - captureMs;
      if (i < firstTold) assert.equal(Math.round(wayMs), 0);
      else assert.ok(wayMs > 450, `frame ${i}: ${wayMs} ms on the way`);
    }
    const steps = frames.slice(firstTold + 1).map((f, i) => f.captureMs - frames[firstTold + i].captureMs);
    const uneven = steps.filter((ms) => Math.abs(ms - 1000 / FPS) > 2).length;
    assert.ok(uneven <= 2, `${uneven} of ${steps.length} steps are not the camera's own`);
    assert.ok(statuses.every((status) => !('note' in status)));
  });

  test('one that is an hour ahead is told of once; frames bear their arrival', async () => {
    const url = await cameraThatReports(3_600_000);
    const { frames, statuses } = await runSource(inputOf(url), (run) => run.frames.length >= 150);
    assert.ok(frames.every(({ captureClock }) => captureClock === 'arrival'));
    const notes = statuses.flatMap((status) => ('note' in status ? [status.note!] : []));
    assert.equal(notes.length, 1);
    assert.match(notes[0], /3600 s ahead of ours/);
  });

  test('one that nobody wants is not looked at', async () => {
    const url = await cameraThatReports(-500);
    const run = await runSource(inputOf(url), ({ frames }) => frames.length >= 120, { senderClock: false });
    assert.ok(run.frames.every(({ captureClock }) => captureClock === 'arrival'));
  });

  for (const [codec, connections] of [
    ['jpeg', 1],
    ['vp8', 2],
  ] as const)
    test(`${codec} streams though its clock cannot be had`, { skip: skipGst }, async () => {
      const camera = await startGstCamera(0, '--codec', codec, '--size', '320x240');
      closing.push(camera.kill);
      const options = { camera: pinhole(320, 240), firstFrameMs: 15_000 };
      const run = await runSource(inputOf(camera.url), ({ frames }) => frames.length >= 120, options);
      assert.ok(run.pids.length <= connections, run.lines.join('\n'));
      assert.ok(run.frames.every(({ captureClock }) => captureClock === 'arrival'));
      assert.ok(run.frames.every((f) => f.captureMs <= 1000 * f.timestampS + 1e-3));
      assert.deepEqual(run.pids.filter(exists), []);
    });
});
