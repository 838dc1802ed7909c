import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lastValueFrom, tap } from 'rxjs';
import { demoMap } from '../src/cli/demoMap.js';
import { DEFAULT_MODEL, openLocalizer } from '../src/cli/openLocalizer.js';
import type { Frame } from '../src/domain/frame.js';
import type { Outcome } from '../src/domain/outcome.js';
import { parseIntrinsics } from '../src/map/intrinsics.js';
import { readTextFile } from '../src/map/posedFolder.js';
import { bufferPool } from '../src/streams/bufferPool.js';
import { liveFrames } from '../src/streams/liveFrames.js';
import { liveInput } from '../src/streams/liveKinds.js';
import { openLive } from '../src/streams/liveSource.js';
import { localizeLive } from '../src/streams/localize.js';
import type { SourceStatus } from '../src/streams/sourceStatus.js';
import { type LiveAddress, parseSource } from '../src/streams/sourceUrl.js';
import { exists } from '../test/clips.js';
import { hasGstCamera, startGstCamera } from '../test/support/gstCamera.js';

/** How soon a camera that was killed and started again gives poses: GStreamer's RTSP server shows a town drive to the whole
 * pipeline; from the moment it listens again to the first frame and to the first pose of a new epoch. Also frames without
 * their one outcome, pictures not given back, decoders left over.
 *
 *     npx tsx bench/ingestRestarts.ts [times]
 */
const TIMES = Number(process.argv[2] ?? 100);
/** Killed at a different moment between two frames each time. */
const awayMs = (time: number) => 200 + ((time * 397) % 1500);

if (!hasGstCamera) {
  console.error('Needs a GStreamer RTSP server (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi).');
  process.exit(1);
}

const TOWN = fileURLToPath(new URL('../fixtures/town/', import.meta.url));
const DRIVE = join(TOWN, 'day-other-lane');
const scratch = mkdtempSync(join(tmpdir(), 'posestream-restarts-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const pictures = join(scratch, 'drive.yuv');
const i420 = ['-pix_fmt', 'yuv420p', '-f', 'rawvideo', pictures];
execFileSync('ffmpeg', ['-v', 'error', '-i', join(DRIVE, 'video.mp4'), ...i420]);
const start = (port = 0) => startGstCamera(port, '--pictures', pictures, '--size', '640x360', '--fps', '15');

const localizer = await openLocalizer({
  mapPath: await demoMap(join(TOWN, 'day-map'), new AbortController().signal),
  modelPath: DEFAULT_MODEL,
});
const intrinsics = join(DRIVE, 'intrinsics.json');
const camera = parseIntrinsics(readTextFile(intrinsics), intrinsics);

let server = await start();
const { port } = server;
const pool = bufferPool();
const pids: number[] = [];
const [frameMs, poseMs]: [number[], number[]] = [[], []];
const over = new AbortController();
let [restarts, backMs, frames, outcomes, epoch, isFrameSeen] = [0, Number.NaN, 0, 0, 0, false];
let told: string[] = [];
const SLOW_MS = 3500;

async function restart(): Promise<void> {
  restarts++;
  told = [];
  await server.kill();
  await delay(awayMs(restarts));
  server = await start(port);
  backMs = performance.now();
}

const sinceBack = () => performance.now() - backMs;

function seeStatus(status: SourceStatus): void {
  const detail = status.kind === 'retrying' ? ` ${Math.round(status.inMs)} ${status.error.message}` : '';
  told.push(`${sinceBack().toFixed(0)} ${status.kind}${detail}`);
}

function seeFrame({ epoch: of }: Frame): void {
  frames++;
  if (of === epoch || isFrameSeen) return;
  isFrameSeen = true;
  frameMs.push(sinceBack());
}

/** Restarts the camera once poses come; each restart is over with the first pose of a later epoch. */
function seeOutcome({ kind, frame }: Outcome): void {
  outcomes++;
  if (kind !== 'posed') return;
  if (restarts === poseMs.length) epoch = frame.epoch;
  if (frame.epoch > epoch && !Number.isNaN(backMs)) {
    epoch = frame.epoch;
    isFrameSeen = false;
    poseMs.push(sinceBack());
    if (poseMs.at(-1)! > SLOW_MS)
      console.log(`slow: ${told.join('; ')}; pose after ${sinceBack().toFixed(0)}`);
    backMs = Number.NaN;
    if (poseMs.length % 10 === 0) console.log(`${poseMs.length} restarts`);
  }
  if (frame.epoch !== epoch || frame.sequence < 10 || restarts > poseMs.length) return;
  if (restarts === TIMES) over.abort();
  else void restart();
}

const source = openLive(liveInput(parseSource(server.url) as LiveAddress), {
  ...{ camera, maxSidePx: 640, pool, signal: over.signal },
  onStart: (pid) => pids.push(pid),
  onStatus: seeStatus,
});
await lastValueFrom(
  liveFrames(source).pipe(tap(seeFrame), localizeLive(localizer, 'sequence'), tap(seeOutcome)),
);
await server.kill();
await localizer.close();

function spread(valuesMs: readonly number[]): string {
  const sorted = [...valuesMs].sort((a, b) => a - b);
  const at = (q: number) => `${(sorted[Math.floor(q * (sorted.length - 1))] / 1000).toFixed(2)} s`;
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}`;
}
console.log(`${poseMs.length} restarts; fresh frame: ${spread(frameMs)}; fresh pose: ${spread(poseMs)}`);
console.log(
  `${frames} frames, ${frames - outcomes} without an outcome, ${pool.lent()} pictures not given back, ${pids.filter(exists).length} of ${pids.length} decoders left over`,
);
