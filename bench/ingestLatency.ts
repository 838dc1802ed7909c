import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { bufferPool } from '../src/streams/bufferPool.js';
import { liveInput } from '../src/streams/liveKinds.js';
import { openLive } from '../src/streams/liveSource.js';
import { nutDemuxer } from '../src/streams/nut.js';
import { type LiveAddress, parseSource } from '../src/streams/sourceUrl.js';
import { hasGstCamera, pictureTimeMs, startGstCamera } from '../test/support/gstCamera.js';

/** How old a picture is when the pipeline gets it: RTSP over loopback, 640x480 at 30 frames/s, from GStreamer's server,
 * whose pictures bear the time they were made. Ours, and ffmpeg as it comes, one after the other in the same run.
 *
 *     npx tsx bench/ingestLatency.ts [frames]
 */
const FRAMES = Number(process.argv[2] ?? 300);
const WARM_UP = 30;

interface Ages {
  readonly agesMs: readonly number[];
  /** The decoder's. */
  readonly cpuMs: number;
  /** Capture times on the camera's own clock: how far off the moment the picture was made. */
  readonly toldMs?: readonly number[];
}

/** 100 ticks a second: user and system time of a running process. Linux only. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function ours(url: string, senderClock: boolean): Promise<Ages> {
  const agesMs: number[] = [];
  const toldMs: number[] = [];
  let [pid, cpuMs] = [0, 0];
  const camera = { model: 'PINHOLE' as const, params: [500, 500, 320, 240], widthPx: 640, heightPx: 480 };
  for await (const frame of openLive(liveInput(parseSource(url) as LiveAddress), {
    camera,
    ...{ maxSidePx: 640, senderClock },
    onStart: (started) => {
      pid = started;
    },
  })) {
    const madeMs = pictureTimeMs(frame.pixels, frame.camera.widthPx);
    agesMs.push(Date.now() - madeMs);
    if (frame.captureClock === 'rtcp') toldMs.push(frame.captureMs - madeMs);
    frame.release();
    if (agesMs.length === FRAMES + WARM_UP) cpuMs = cpuMsOf(pid);
    if (agesMs.length === FRAMES + WARM_UP) break;
  }
  return { agesMs: agesMs.slice(WARM_UP), cpuMs, toldMs };
}

async function ffmpegDefaults(url: string): Promise<Ages> {
  const args = ['-v', 'error', '-i', url, '-vf', 'format=gray', '-c:v', 'rawvideo', '-f', 'nut', '-'];
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const demuxer = nutDemuxer(bufferPool());
  const agesMs: number[] = [];
  for await (const chunk of child.stdout) {
    demuxer.push(chunk as Buffer, ({ picture }) => {
      agesMs.push(Date.now() - pictureTimeMs(picture.bytes, 640));
      picture.release();
    });
    if (agesMs.length >= FRAMES + WARM_UP) break;
  }
  const cpuMs = cpuMsOf(child.pid!);
  child.kill('SIGKILL');
  return { agesMs: agesMs.slice(WARM_UP), cpuMs };
}

const at = (sorted: readonly number[], q: number) => sorted[Math.floor(q * (sorted.length - 1))];

if (!hasGstCamera) {
  console.error('Needs a GStreamer RTSP server (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi).');
  process.exit(1);
}
const server = await startGstCamera();
const rows = [
  ['ours', await ours(server.url, true)],
  ["ours, without the camera's clock", await ours(server.url, false)],
  ['ffmpeg defaults', await ffmpegDefaults(server.url)],
] as const;
await server.kill();
const spread = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return `p50 ${at(sorted, 0.5).toFixed(0)} ms   p95 ${at(sorted, 0.95).toFixed(0)} ms`;
};
for (const [name, { agesMs, cpuMs, toldMs = [] }] of rows) {
  const told =
    toldMs.length > 0
      ? `   capture time told for ${toldMs.length}, off by ${spread(toldMs.map(Math.abs))}`
      : '';
  console.log(
    `${name.padEnd(34)} ${spread(agesMs)}   ${agesMs.length} frames   ${(cpuMs / (FRAMES + WARM_UP)).toFixed(2)} ms CPU a frame${told}`,
  );
}
