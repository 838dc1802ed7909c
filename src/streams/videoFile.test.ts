import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exists, ffmpeg, hasFfmpeg, makeClip, pinhole, probedTimesS, tempFolder } from '../../test/clips.js';
import { type ErrorCode, PosestreamError } from '../domain/errors.js';
import type { FrameId } from '../domain/frame.js';
import { bundledFfmpeg } from './ffmpegTool.js';
import type { FrameSource } from './frameSource.js';
import { probeVideo, readMessages } from './probe.js';
import { openVideo, type VideoOptions } from './videoFile.js';

const skip = hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH';
const folder = tempFolder();
const options: VideoOptions = { camera: pinhole(320, 180), maxSidePx: 4096 };

type Seen = FrameId & { readonly luma: number; readonly widthPx: number; readonly heightPx: number };

async function collect(source: FrameSource, limit = Infinity): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { pixels, camera, release, ...id } of source) {
    seen.push({
      ...id,
      luma: pixels[pixels.length >> 1],
      widthPx: camera.widthPx,
      heightPx: camera.heightPx,
    });
    assert.equal(pixels.length, camera.widthPx * camera.heightPx);
    release();
    if (seen.length >= limit) break;
  }
  return seen;
}

const code = (wanted: ErrorCode) => (error: unknown) =>
  error instanceof PosestreamError && error.code === wanted && Boolean(error.hint);

test('frames are scaled to fit, never enlarged, and the camera with them', { skip }, async () => {
  const path = makeClip(join(folder, 'size.mp4'), '320x180', 0.2, 25);
  for (const [maxSidePx, width, height] of [
    [4096, 320, 180],
    [320, 320, 180],
    [200, 200, 113],
    [101, 101, 57],
  ] as const) {
    const [frame] = await collect(openVideo(path, { ...options, maxSidePx }), 1);
    assert.deepEqual([frame.widthPx, frame.heightPx], [width, height]);
  }
  for await (const { camera } of openVideo(path, { camera: pinhole(640, 360, 800), maxSidePx: 160 })) {
    assert.deepEqual(camera, { model: 'PINHOLE', params: [200, 200, 80, 45], widthPx: 160, heightPx: 90 });
    break;
  }
  await assert.rejects(
    collect(openVideo(path, { ...options, camera: pinhole(640, 480) })),
    (e) => code('E_INTRINSICS_MISMATCH')(e) && /640x480.*320x180/.test(String(e)),
  );
});

test('a gap of 60 s in the timestamps stays a gap, and begins an epoch', { skip }, async () => {
  const path = join(folder, 'gap.mkv');
  const gap = "setpts='if(lt(N\\,10)\\,N/10/TB\\,(N/10+60)/TB)'";
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=128x72:rate=10:duration=2'];
  ffmpeg(...source, '-vf', gap, '-fps_mode', 'passthrough', '-pix_fmt', 'yuv420p', path);
  const seen = await collect(openVideo(path, { ...options, camera: pinhole(128, 72) }));
  assert.equal(seen.length, 20);
  assert.ok(Math.abs(seen[10].timestampS - seen[9].timestampS - 60.1) < 1e-3);
  assert.deepEqual([seen[9].epoch, seen[10].epoch, seen[10].sequence], [0, 1, 0]);
});

test('frames that share a timestamp all come, later ones a tick later', { skip }, async () => {
  const path = join(folder, 'twins.mkv');
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=128x72:rate=2000:duration=0.02'];
  const timing = ['-fps_mode', 'passthrough', '-enc_time_base', '1/2000'];
  ffmpeg(...source, ...timing, '-bf', '0', '-pix_fmt', 'yuv420p', path);
  const seen = await collect(openVideo(path, { ...options, camera: pinhole(128, 72) }));
  assert.equal(new Set(probedTimesS(path)).size, 21);
  assert.equal(seen.length, 40);
  assert.ok(seen.every((f, i) => i === 0 || f.timestampS > seen[i - 1].timestampS));
});

test('variable rate and a late start keep their own times', { skip }, async () => {
  const path = join(folder, 'variable.mp4');
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=128x72:rate=30:duration=1'];
  const odd = "setpts='PTS+random(1)*0.01/TB+1.5/TB'";
  ffmpeg(
    ...source,
    '-vf',
    `settb=1/90000,${odd}`,
    '-fps_mode',
    'passthrough',
    '-enc_time_base',
    '1/90000',
    path,
  );
  const seen = await collect(openVideo(path, { ...options, camera: pinhole(128, 72) }));
  assert.deepEqual(
    seen.map((f) => f.timestampS),
    probedTimesS(path),
  );
});

test('sound and data streams are left aside, also where they come first', { skip }, async () => {
  const path = join(folder, 'sound.mp4');
  ffmpeg(
    ...[
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1',
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=128x72:rate=10:duration=1',
    ],
    ...['-map', '0', '-map', '1', '-pix_fmt', 'yuv420p', path],
  );
  assert.equal((await collect(openVideo(path, { ...options, camera: pinhole(128, 72) }))).length, 10);
});

test('rotation metadata counts only where the intrinsics fit nothing but the turned picture', {
  skip,
}, async () => {
  const flat = makeClip(join(folder, 'flat.mp4'), '320x180', 0.2, 25);
  const path = join(folder, 'turned.mp4');
  ffmpeg('-i', flat, '-c', 'copy', '-metadata:s:v:0', 'rotate=90', path);
  assert.equal((await probeVideo(path)).rotationDeg % 180, 90);
  const [stored] = await collect(openVideo(path, { ...options, camera: pinhole(320, 180) }), 1);
  assert.deepEqual([stored.widthPx, stored.heightPx], [320, 180]);
  const [turned] = await collect(
    openVideo(path, { ...options, camera: pinhole(180, 320), maxSidePx: 160 }),
    1,
  );
  assert.deepEqual([turned.widthPx, turned.heightPx], [90, 160]);
});

test('a file that is missing, a folder, a text named .mp4, a cut file', { skip }, async () => {
  await assert.rejects(collect(openVideo(join(folder, 'none.mp4'), options)), code('E_FILE_NOT_FOUND'));
  await assert.rejects(collect(openVideo(folder, options)), code('E_FILE_NOT_FOUND'));
  const text = join(folder, 'text.mp4');
  writeFileSync(text, 'this is not a film\n'.repeat(500));
  await assert.rejects(collect(openVideo(text, options)), code('E_SOURCE_FORMAT'));
  const cut = join(folder, 'cut.mp4');
  copyFileSync(makeClip(join(folder, 'whole.mp4'), '320x180', 1, 25), cut);
  truncateSync(cut, 3000);
  await assert.rejects(collect(openVideo(cut, options)), code('E_SOURCE_FORMAT'));
});

test('a picture that changes its shape on the way is an error, not a squeezed frame', { skip }, async () => {
  const parts = ['320x180', '240x200'].map((size) => {
    const clip = makeClip(join(folder, `${size}.mp4`), size, 0.4, 25);
    const part = join(folder, `${size}.ts`);
    ffmpeg('-i', clip, '-c', 'copy', part);
    return readFileSync(part);
  });
  const path = join(folder, 'shapes.ts');
  writeFileSync(path, Buffer.concat(parts));
  let seen = 0;
  const run = async () => {
    for await (const frame of openVideo(path, options)) {
      frame.release();
      seen++;
    }
  };
  await assert.rejects(run(), code('E_SOURCE_FORMAT'));
  assert.equal(seen, 10);
});

test('a playlist named .mp4 cannot open another file', { skip }, async () => {
  const secret = makeClip(join(folder, 'secret.ts'), '320x180', 0.5, 25);
  const upload = join(folder, 'upload.mp4');
  const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${secret}\n#EXT-X-ENDLIST\n`;
  const concat = `ffconcat version 1.0\nfile ${secret}\n`;
  for (const text of [playlist, concat]) {
    writeFileSync(upload, text);
    await assert.rejects(collect(openVideo(upload, options)), code('E_SOURCE_FORMAT'));
  }
});

test('a path that looks like a protocol is a path', { skip }, async () => {
  const path = makeClip(join(folder, 'a.mp4'), '128x72', 0.2, 25);
  await assert.rejects(collect(openVideo(`concat:${path}|${path}`, options)), code('E_FILE_NOT_FOUND'));
});

test('ending early, by break or by signal, leaves no process behind', { skip }, async () => {
  const path = makeClip(join(folder, 'long.mp4'), '320x180', 20, 25);
  const pids: number[] = [];
  const onStart = (pid: number) => pids.push(pid);
  assert.equal((await collect(openVideo(path, { ...options, onStart }), 3)).length, 3);
  const abort = new AbortController();
  let pulled = 0;
  for await (const frame of openVideo(path, { ...options, onStart, signal: abort.signal })) {
    frame.release();
    if (++pulled === 5) abort.abort();
  }
  assert.equal(pulled, 5);
  assert.equal(pids.length, 2);
  assert.deepEqual(pids.filter(exists), []);
});

test('return() ends a next() that still waits', { skip }, async () => {
  const path = makeClip(join(folder, 'wait.mp4'), '128x72', 2, 1);
  const never = { nowMs: () => 0, sleep: (_: number, signal?: AbortSignal) => aborted(signal!) };
  const source = openVideo(path, { ...options, camera: pinhole(128, 72), realtime: never });
  const frames = source[Symbol.asyncIterator]();
  (await frames.next()).value.release();
  const waiting = frames.next();
  await frames.return!();
  assert.equal((await waiting).done, true);
});

/** Also for a signal that aborted before anybody asked. */
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

test('realtime paces on the clock, late frames follow at once; loop begins a new epoch', {
  skip,
}, async () => {
  const path = makeClip(join(folder, 'loop.mp4'), '128x72', 0.5, 10);
  let nowMs = 1e12;
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  const clock = { nowMs: () => nowMs, sleep };
  const source = openVideo(path, { camera: pinhole(128, 72), maxSidePx: 128, realtime: clock, loop: true });
  const seen: string[] = [];
  for await (const frame of source) {
    frame.release();
    assert.equal(frame.captureClock, 'arrival');
    seen.push(
      `${frame.epoch}.${frame.sequence}@${Math.round(frame.captureMs - 1e12)}/${Math.round(nowMs - 1e12)}`,
    );
    if (frame.epoch === 0 && frame.sequence === 1) nowMs += 250;
    if (seen.length === 7) break;
  }
  assert.deepEqual(seen, [
    '0.0@0/0',
    '0.1@100/100',
    '0.2@200/350',
    '0.3@300/350',
    '0.4@400/400',
    '1.0@400/400',
    '1.1@500/500',
  ]);
});

test('the same frames from the build that comes with the package', { skip }, async (t) => {
  const bundled = await bundledFfmpeg();
  if (!bundled) return t.skip('no bundled ffmpeg for this platform');
  const path = makeClip(join(folder, 'both.mp4'), '322x182', 1, 30);
  const both: VideoOptions = { camera: pinhole(322, 182), maxSidePx: 4096 };
  const own = await collect(openVideo(path, both));
  const before = { ...process.env };
  Object.assign(process.env, { FFMPEG_PATH: bundled, PATH: '' });
  try {
    assert.deepEqual(await collect(openVideo(path, both)), own);
    const { frames, ...info } = await probeVideo(path);
    assert.equal(frames, null);
    assert.deepEqual(info, {
      widthPx: 322,
      heightPx: 182,
      fps: 30,
      durationS: 1,
      rotationDeg: 0,
      codec: 'h264',
    });
  } finally {
    Object.assign(process.env, { FFMPEG_PATH: before.FFMPEG_PATH ?? '', PATH: before.PATH });
  }
});

test('an FFMPEG_PATH that is no ffmpeg', { skip }, async () => {
  const path = makeClip(join(folder, 'env.mp4'), '128x72', 0.2, 25);
  process.env.FFMPEG_PATH = '/bin/true';
  try {
    await assert.rejects(collect(openVideo(path, options)), code('E_FFMPEG_MISSING'));
  } finally {
    process.env.FFMPEG_PATH = '';
  }
});

test('what ffmpeg prints, read without ffprobe', () => {
  const text = `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'x':
  Duration: 00:01:02.50, start: 0.000000, bitrate: 5 kb/s
    Stream #0:0(eng): Audio: aac (LC)
    Stream #0:1[0x2](und): Video: hevc (Main) (hvc1 / 0x31637668), yuv420p(tv), 1920x1080 [SAR 1:1 DAR 16:9], 29.97 fps, 90k tbn
      displaymatrix: rotation of -90.00 degrees`;
  assert.deepEqual(readMessages('x', text), {
    codec: 'hevc',
    widthPx: 1920,
    heightPx: 1080,
    fps: 29.97,
    durationS: 62.5,
    frames: null,
    rotationDeg: 90,
  });
  assert.throws(() => readMessages('x', 'x: Invalid data found'), code('E_SOURCE_FORMAT'));
});
