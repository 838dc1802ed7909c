import { setTimeout as delay } from 'node:timers/promises';
import { bufferPool } from '../src/streams/bufferPool.js';
import { liveInput } from '../src/streams/liveKinds.js';
import { openLive } from '../src/streams/liveSource.js';
import { type LiveAddress, parseSource } from '../src/streams/sourceUrl.js';
import { exists, pinhole } from '../test/clips.js';
import { hasGstCamera, startGstCamera } from '../test/support/gstCamera.js';

/** How soon a camera that was killed and started again gives fresh frames: GStreamer's RTSP server, from the moment it
 * listens again to the first frame of a new epoch. Also frames without their place in the count, pictures not given
 * back, decoders left over.
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

let server = await startGstCamera();
const { port } = server;
const pool = bufferPool();
const pids: number[] = [];
const tookMs: number[] = [];
let [restarts, backMs, frames, unaccounted] = [0, 0, 0, 0];
let last = { epoch: 0, sequence: -1 };

async function restart(): Promise<void> {
  await server.kill();
  await delay(awayMs(restarts));
  server = await startGstCamera(port);
  backMs = performance.now();
}

const open = liveInput(parseSource(server.url) as LiveAddress);
for await (const frame of openLive(open, {
  ...{ camera: pinhole(640, 480), maxSidePx: 640, pool, onStart: (pid) => pids.push(pid) },
})) {
  frame.release();
  frames++;
  const { epoch, sequence } = frame;
  const isNext = epoch === last.epoch ? sequence === last.sequence + 1 : sequence === 0;
  if (!isNext) unaccounted++;
  if (epoch > last.epoch && backMs > 0) {
    tookMs.push(performance.now() - backMs);
    backMs = 0;
    if (tookMs.length % 10 === 0) console.log(`${tookMs.length} restarts`);
  }
  last = { epoch, sequence };
  if (sequence !== 10) continue;
  if (restarts === TIMES) break;
  restarts++;
  void restart();
}
await server.kill();

const sorted = [...tookMs].sort((a, b) => a - b);
const at = (q: number) => `${(sorted[Math.floor(q * (sorted.length - 1))] / 1000).toFixed(2)} s`;
console.log(
  `${tookMs.length} restarts: fresh frame after p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}; ${frames} frames, ${unaccounted} out of count, ${pool.lent()} pictures not given back, ${pids.filter(exists).length} of ${pids.length} decoders left over`,
);
