import { spawn } from 'node:child_process';
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

async function ours(url: string): Promise<number[]> {
  const agesMs: number[] = [];
  const camera = { model: 'PINHOLE' as const, params: [500, 500, 320, 240], widthPx: 640, heightPx: 480 };
  for await (const frame of openLive(liveInput(parseSource(url) as LiveAddress), {
    camera,
    maxSidePx: 640,
  })) {
    agesMs.push(Date.now() - pictureTimeMs(frame.pixels, frame.camera.widthPx));
    frame.release();
    if (agesMs.length === FRAMES + WARM_UP) break;
  }
  return agesMs.slice(WARM_UP);
}

async function ffmpegDefaults(url: string): Promise<number[]> {
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
  child.kill('SIGKILL');
  return agesMs.slice(WARM_UP);
}

const at = (sorted: readonly number[], q: number) => sorted[Math.floor(q * (sorted.length - 1))];

if (!hasGstCamera) {
  console.error('Needs a GStreamer RTSP server (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi).');
  process.exit(1);
}
const server = await startGstCamera();
const rows = [
  ['ours', await ours(server.url)],
  ['ffmpeg defaults', await ffmpegDefaults(server.url)],
] as const;
await server.kill();
for (const [name, ages] of rows) {
  const sorted = [...ages].sort((a, b) => a - b);
  console.log(
    `${name.padEnd(16)} p50 ${at(sorted, 0.5)} ms   p95 ${at(sorted, 0.95)} ms   ${ages.length} frames`,
  );
}
