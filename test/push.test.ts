import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { FrameId } from '../src/domain/frame.js';
import { liveInput } from '../src/streams/liveKinds.js';
import { openLive } from '../src/streams/liveSource.js';
import type { SourceStatus } from '../src/streams/sourceStatus.js';
import { type LiveAddress, parseSource } from '../src/streams/sourceUrl.js';
import { exists, hasFfmpeg, makeClip, pinhole, tempFolder } from './clips.js';
import { freePort } from './support/freePort.js';

const skip = hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH';
const folder = skip ? '' : tempFolder();
const clip = skip ? '' : makeClip(join(folder, 'cam.mp4'), '320x180', 3, 30, '-g', '15', '-bf', '0');
const encoders = new Set<ChildProcess>();
after(() => {
  for (const encoder of encoders) encoder.kill('SIGKILL');
});

/** Longer than the stall deadline: datagrams that pause for less are one stream. */
const RESTART_MS = 1300;

/** An encoder in the field: it sends the clip at its own pace, and tries again until somebody listens. */
function pushClip(...output: string[]): { readonly cut: () => void; readonly end: () => void } {
  let isOver = false;
  let child: ChildProcess;
  const start = (): void => {
    child = spawn(
      'ffmpeg',
      ['-v', 'error', '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', ...output],
      { stdio: 'ignore' },
    );
    encoders.add(child);
    child.once('exit', () => {
      encoders.delete(child);
      if (!isOver) setTimeout(start, RESTART_MS);
    });
  };
  start();
  return {
    cut: () => child.kill('SIGKILL'),
    end: () => {
      isOver = true;
      child.kill('SIGKILL');
    },
  };
}

interface Taken {
  readonly seen: FrameId[];
  readonly kinds: string[];
  readonly pids: number[];
  isDone: boolean;
}

async function take(
  spec: string,
  enough: (seen: readonly FrameId[]) => boolean,
  { stallMs, onRetry }: { readonly stallMs?: number; readonly onRetry?: () => void } = {},
): Promise<Taken> {
  const taken: Taken = { seen: [], kinds: [], pids: [], isDone: false };
  const options = {
    camera: pinhole(320, 180),
    maxSidePx: 320,
    signal: AbortSignal.timeout(45_000),
    stallMs,
    onStatus: ({ kind }: SourceStatus) => {
      taken.kinds.push(kind);
      if (kind === 'retrying') onRetry?.();
    },
    onStart: (pid: number) => taken.pids.push(pid),
  };
  for await (const { pixels, camera, release, ...id } of openLive(
    liveInput(parseSource(spec) as LiveAddress),
    options,
  )) {
    assert.equal(pixels.length, camera.widthPx * camera.heightPx);
    taken.seen.push(id);
    release();
    taken.isDone = enough(taken.seen);
    if (taken.isDone) break;
  }
  assert.ok(taken.isDone, `${taken.seen.length} frames, then: ${taken.kinds.join(' ')}`);
  return taken;
}

function assertRightTimes({ seen }: Taken, clocks: readonly string[] = ['arrival']): void {
  for (const [i, frame] of seen.entries()) {
    assert.ok(clocks.includes(frame.captureClock), frame.captureClock);
    const before = seen[i - 1];
    if (before?.epoch === frame.epoch) assert.equal(frame.sequence, before.sequence + 1);
  }
  const ages = Date.now() - seen.at(-1)!.captureMs;
  assert.ok(ages > -50 && ages < 5000, `age ${ages} ms`);
}

const pushed = [
  ['rtmp', (port: number) => `rtmp://127.0.0.1:${port}/live/cam`, ['-f', 'flv'], '?mode=listener'],
  ['srt', (port: number) => `srt://127.0.0.1:${port}`, ['-f', 'mpegts'], '?mode=listener'],
  [
    'rtsp',
    (port: number) => `rtsp://127.0.0.1:${port}/cam`,
    ['-f', 'rtsp', '-rtsp_transport', 'tcp'],
    '?mode=listener',
  ],
  ['udp', (port: number) => `udp://127.0.0.1:${port}`, ['-f', 'mpegts'], ''],
] as const;

describe('encoders that push to us, and playlists', { concurrency: true }, () => {
  for (const [name, url, format, mode] of pushed)
    test(`an encoder that pushes ${name}, dies and comes back`, { skip }, async () => {
      const target = url(await freePort());
      const encoder = pushClip(...format, target);
      let cuts = 0;
      const taken = await take(`${target}${mode}`, (seen) => {
        if (cuts === 0 && seen.length === 40) {
          cuts++;
          encoder.cut();
        }
        return seen.length > 40 && seen.at(-1)!.epoch > seen[39].epoch && seen.at(-1)!.sequence >= 10;
      });
      encoder.end();
      assertRightTimes(taken, name === 'rtsp' ? ['arrival', 'rtcp'] : ['arrival']);
      assert.equal(cuts, 1);
      assert.ok(taken.kinds.includes('retrying'), taken.kinds.join(' '));
      await delay(50);
      assert.deepEqual(taken.pids.filter(exists), []);
    });

  test('a live HLS playlist over HTTP: the pause between two segments is no stall, a new connection shows nothing twice', {
    skip,
  }, async () => {
    const list = join(folder, 'live.m3u8');
    const encoder = pushClip('-f', 'hls', '-hls_time', '2', '-hls_list_size', '4', list);
    let isAway = false;
    const server = createHttpServer((request, response) => {
      const path = join(folder, (request.url ?? '/').slice(1));
      if (isAway) response.destroy();
      else if (existsSync(path)) createReadStream(path).pipe(response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    while (!existsSync(list)) await delay(100);
    const taken = await take(`http://127.0.0.1:${port}/live.m3u8`, (seen) => seen.length >= 200);
    assertRightTimes(taken);
    assert.deepEqual(taken.kinds, ['connecting', 'streaming', 'ended']);

    const again = await take(
      `http://127.0.0.1:${port}/live.m3u8`,
      (seen) => {
        if (seen.length === 20) isAway = true;
        return seen.at(-1)!.epoch > 0 && seen.at(-1)!.sequence > 20;
      },
      {
        stallMs: 5000,
        onRetry: () => {
          isAway = false;
        },
      },
    );
    encoder.end();
    server.close();
    server.closeAllConnections();
    const firstAgain = again.seen.find(({ epoch }) => epoch > 0)!;
    const lastBefore = again.seen.findLast(({ epoch }) => epoch === 0)!;
    assert.ok(firstAgain.timestampS > lastBefore.timestampS, 'no picture is seen again');
  });
});
