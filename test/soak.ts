import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { demoMap } from '../src/cli/demoMap.js';
import { type ServerMessage, serverMessage } from '../src/server/wire.js';
import { ffmpeg } from './clips.js';
import { type RtspServer, startRtspServer } from './rtspServer.js';
import { descendants, workerOf } from './support/serveProcess.js';
import { repositoryPath } from './support/shared.js';
import { slopeOf } from './support/slope.js';

/** Two cameras through the real `serve` for hours, cut, silent and restarted on the way: what grows? Linux only.
 *
 *     npm run soak -- --minutes 120 --restarts 60
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    restarts: { type: 'string', default: '60' },
    fps: { type: 'string', default: '15' },
  },
});
const [MINUTES, RESTARTS, FPS] = [values.minutes, values.restarts, values.fps].map(Number);
const IDS = ['left', 'right'];
/** The first part fills caches and pools. */
const WARM_UP = 0.25;
const SAMPLE_MS = Math.min(60_000, (MINUTES * 60_000) / 40);

const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const scratch = mkdtempSync(join(tmpdir(), 'posestream-soak-'));

function cameraClip(): Buffer {
  const path = join(scratch, 'cam.h264');
  const x264 = ['-c:v', 'libx264', '-profile:v', 'baseline', '-bf', '0', '-g', '15', '-pix_fmt', 'yuv420p'];
  const annexB = ['-x264-params', 'slices=1:sliced-threads=0', '-f', 'h264', path];
  ffmpeg('-i', town('day-other-lane', 'video.mp4'), ...x264, ...annexB);
  return readFileSync(path);
}

async function startServe(map: string, cameras: readonly RtspServer[]): Promise<ChildProcess> {
  const intrinsics = town('day-other-lane', 'intrinsics.json');
  const streams = IDS.map(
    (id, i) => `  - { id: ${id}, source: '${cameras[i].url}', intrinsics: ${intrinsics} }`,
  );
  const config = join(scratch, 'posestream.yaml');
  writeFileSync(config, [`map: ${map}`, 'listen: { port: 0 }', 'streams:', ...streams].join('\n'));
  const args = ['--import', 'tsx', repositoryPath('src/cli/main.ts'), 'serve', config];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

type Statistics = Extract<ServerMessage, { type: 'status' }>['statistics'];

/** The newest statistics of every stream, as a client sees them. */
async function listen(child: ChildProcess): Promise<ReadonlyMap<string, Statistics>> {
  for await (const line of createInterface({ input: child.stderr! })) {
    const address = /ws:\/\/\S+poses/.exec(line)?.[0];
    if (address === undefined) continue;
    child.stderr!.resume();
    const latest = new Map<string, Statistics>();
    new WebSocket(address).on('message', (data) => {
      const message = serverMessage.parse(JSON.parse(String(data)));
      if (message.type === 'status') latest.set(message.stream, message.statistics);
    });
    return latest;
  }
  throw new Error('the server ended without an address');
}

/** Ends a camera in turn in one of three ways and brings it back on the same port. */
async function hurt(cameras: RtspServer[], time: number): Promise<void> {
  const i = time % cameras.length;
  const kind = time % 3;
  if (kind === 0) return cameras[i].cut();
  if (kind === 1) {
    cameras[i].stall(true);
    await delay(4000);
    return cameras[i].stall(false);
  }
  const port = Number(new URL(cameras[i].url.replace('rtsp', 'http')).port);
  await cameras[i].close();
  await delay(3000);
  cameras[i] = await camera(port);
}

interface Sample {
  readonly minute: number;
  readonly gatewayMiB: number;
  /** The process with the network, the map and the sources. */
  readonly workerMiB: number;
  readonly descriptors: number;
  /** All below the gateway. */
  readonly processes: number;
}

const rssMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Null where the worker is just being replaced. */
function sample(pid: number, minute: number): Sample | null {
  const worker = workerOf(pid);
  if (worker === null) return null;
  return {
    minute,
    ...{ gatewayMiB: rssMiB(pid), workerMiB: rssMiB(worker) },
    descriptors: descriptorsOf(pid) + descriptorsOf(worker),
    processes: descendants(pid).length,
  };
}

function report(samples: readonly Sample[], statistics: ReadonlyMap<string, Statistics>): void {
  const steady = samples.slice(Math.floor(WARM_UP * samples.length));
  const minutes = steady.map(({ minute }) => minute);
  for (const key of ['gatewayMiB', 'workerMiB', 'descriptors', 'processes'] as const) {
    const y = steady.map((s) => s[key]);
    const { perX, halfWidth } = slopeOf(minutes, y);
    const range = `${Math.min(...y).toFixed(1)} to ${Math.max(...y).toFixed(1)}`;
    console.log(
      `${key.padEnd(12)} ${range}, ${(60 * perX).toFixed(2)} ± ${(60 * halfWidth).toFixed(2)} an hour`,
    );
  }
  for (const [id, { counters, lastHour }] of statistics) {
    const dropped = Object.values(counters.dropped).reduce((a, b) => a + b, 0);
    const unaccounted = counters.in - counters.posed - counters.lost - dropped;
    console.log(
      `${id.padEnd(12)} ${counters.in} frames, ${counters.posed} posed, ${counters.lost} lost, ${dropped} dropped, ${unaccounted} unaccounted; last hour ${JSON.stringify(lastHour)}`,
    );
  }
}

const clip = cameraClip();
const camera = (port = 0) =>
  startRtspServer(clip, { fps: FPS, port, reports: { afterPictures: FPS, aheadMs: 0 } });
const cameras = await Promise.all(IDS.map(() => camera()));
const map = await demoMap(town('day-map'), new AbortController().signal);
const child = await startServe(map, cameras);
process.on('exit', () => {
  child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});
const statistics = await listen(child);
const samples: Sample[] = [];
const began = performance.now();
const everyMs = (MINUTES * 60_000) / (RESTARTS + 1);
let restarts = 0;
for (let atMs = 0; atMs < MINUTES * 60_000; atMs = performance.now() - began) {
  if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}`);
  const seen = sample(child.pid!, atMs / 60_000);
  if (seen !== null) samples.push(seen);
  if (restarts < RESTARTS && atMs > (restarts + 1) * everyMs) await hurt(cameras, restarts++);
  await delay(Math.min(SAMPLE_MS, everyMs));
}
console.log(`${MINUTES} minutes, ${restarts} restarts, ${samples.length} samples`);
report(samples, statistics);
process.exit(0);
