import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { demoMap } from '../src/cli/demoMap.js';
import type { StreamInfo } from '../src/server/wire.js';
import { ffmpeg } from '../test/clips.js';
import { startRtspServer } from '../test/rtspServer.js';
import { repositoryPath } from '../test/support/shared.js';
import { slopeOf } from '../test/support/slope.js';
import type { Crowd, CrowdFigures } from './subscriberChild.js';

/** How old poses are when they reach one subscriber, and then each of thousands of whom some have stopped reading: the
 * real `serve` localizes cameras of the town over RTSP, its clients live in processes of their own. Linux only.
 *
 *     npm run bench:subscribers -- --subscribers 2000 --hz 10 --stopped 0.1 --seconds 30
 */
const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '2000' },
    hz: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '30' },
    stopped: { type: 'string', default: '0.1' },
    acking: { type: 'string', default: '1' },
    streams: { type: 'string', default: '1' },
    fps: { type: 'string', default: '30' },
    encoding: { type: 'string', default: 'json' },
    viewers: { type: 'string', default: '0' },
    'server-args': { type: 'string', default: '' },
  },
});
const [SUBSCRIBERS, HZ, SECONDS, FPS, STREAMS] = [
  ...[values.subscribers, values.hz, values.seconds, values.fps, values.streams],
].map(Number);
const ENCODING = values.encoding === 'msgpack' ? 'msgpack' : 'json';
const CROWDS = 2;
const SETTLE_MS = 5000;
/** What `monitorEventLoopDelay` measures with, and adds to every delay. */
const RESOLUTION_MS = 10;

const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const scratch = mkdtempSync(join(tmpdir(), 'posestream-subscribers-'));
const children: ChildProcess[] = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

function cameraClip(): Buffer {
  const path = join(scratch, 'cam.h264');
  const x264 = ['-c:v', 'libx264', '-profile:v', 'baseline', '-bf', '0', '-g', '15', '-pix_fmt', 'yuv420p'];
  const annexB = ['-x264-params', 'slices=1:sliced-threads=0', '-f', 'h264', path];
  ffmpeg('-i', town('day-other-lane', 'video.mp4'), ...x264, ...annexB);
  return readFileSync(path);
}

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

async function startServe(urls: readonly string[]): Promise<Server> {
  const map = await demoMap(town('day-map'), new AbortController().signal);
  const intrinsics = town('day-other-lane', 'intrinsics.json');
  const streams = urls.map((url, i) => `  - { id: cam${i}, source: '${url}', intrinsics: ${intrinsics} }`);
  const limits = `limits: { maxClients: ${SUBSCRIBERS + 64}, maxClientsPerAddress: ${SUBSCRIBERS + 64} }`;
  const config = join(scratch, 'posestream.yaml');
  writeFileSync(config, [`map: ${map}`, 'listen: { port: 0 }', limits, 'streams:', ...streams].join('\n'));
  const own = values['server-args'].split(' ').filter(Boolean);
  const args = [...own, '--import', 'tsx', repositoryPath('src/cli/main.ts'), 'serve', config];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stderr! })) {
    const port = /ws:\/\/[^:]+:(\d+)\/poses/.exec(line)?.[1];
    if (port === undefined) {
      console.error(line);
      continue;
    }
    child.stderr!.resume();
    const stop = async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    };
    return { pid: child.pid!, port: Number(port), stop };
  }
  throw new Error('the server ended without an address');
}

async function startCrowd(crowd: Crowd): Promise<() => Promise<CrowdFigures>> {
  const path = fileURLToPath(new URL('subscriberChild.ts', import.meta.url));
  const child = fork(path, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  children.push(child);
  child.send(crowd);
  await once(child, 'message');
  return async () => {
    child.send('figures');
    const [figures] = (await once(child, 'message')) as [CrowdFigures];
    return figures;
  };
}

const mibOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** User and system time of a process with all its threads, s (clock ticks of 10 ms). */
function cpuSOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** p99 of the event loop since the last question, ms. */
async function loopDelayMs(port: number): Promise<{ readonly p99: number; readonly max: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const of = (name: string) =>
    Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)`, 'm').exec(text)?.[1]);
  return { p99: 1000 * of('p99') - RESOLUTION_MS, max: 1000 * of('max') - RESOLUTION_MS };
}

/** What the server itself says of the last ten seconds: how many frames it worked on, and how old outcomes were. */
async function pipelineInWords(port: number): Promise<string> {
  const { streams } = (await (await fetch(`http://127.0.0.1:${port}/api/streams`)).json()) as {
    readonly streams: readonly StreamInfo[];
  };
  return streams
    .map(({ statistics: { processedHz, ageMs, totalMs } }) => {
      const [age, total] = [ageMs, totalMs].map((p) => `p50 ${p?.p50.toFixed(0)} p99 ${p?.p99.toFixed(0)}`);
      return `${processedHz.toFixed(0)} outcomes/s, capture to outcome ${age} ms, pipeline ${total} ms`;
    })
    .join('; ');
}

const quantile = (sorted: Float64Array, q: number) => sorted[Math.floor(q * (sorted.length - 1))];

function print(name: string, agesMs: readonly number[], spanS: number, subscribers: number): number {
  const sorted = Float64Array.from(agesMs).sort();
  const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map((q) => quantile(sorted, q));
  const rate = sorted.length / spanS / subscribers;
  console.log(
    `${name.padEnd(34)} p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)}; ${rate.toFixed(1)} poses/s each`,
  );
  return p99;
}

const clip = cameraClip();
const cameras = await Promise.all(Array.from({ length: STREAMS }, () => startRtspServer(clip, { fps: FPS })));
const { pid, port, stop } = await startServe(cameras.map(({ url }) => url));
for (let i = 0; i < Number(values.viewers); i++)
  new WebSocket(`ws://127.0.0.1:${port}/view?stream=cam${i % STREAMS}`).on('message', () => undefined);
const base = { port, hz: HZ, encoding: ENCODING } as const;
const one = await startCrowd({ ...base, counts: { acks: 1 } });
await delay(SETTLE_MS);
await Promise.all([one(), loopDelayMs(port)]);
await delay(1000 * SECONDS);
const alone = await one();
const aloneP99 = print('one subscriber', alone.agesMs, alone.spanS, STREAMS);
console.log(`  ${await pipelineInWords(port)}`);
const aloneLoop = await loopDelayMs(port);
console.log(
  `  event loop p99 ${aloneLoop.p99.toFixed(1)} ms, max ${aloneLoop.max.toFixed(1)}; rss ${mibOf(pid).toFixed(0)} MiB`,
);

const share = (count: number) => Math.round(count / CROWDS);
const stopped = SUBSCRIBERS * Number(values.stopped);
const healthy = SUBSCRIBERS - stopped;
const counts = {
  acks: share(healthy * Number(values.acking)),
  reads: share(healthy * (1 - Number(values.acking))),
  stopped: share(stopped / 2),
  forgets: share(stopped / 2),
};
const crowds = await Promise.all(Array.from({ length: CROWDS }, () => startCrowd({ ...base, counts })));
await delay(SETTLE_MS);
const before = await Promise.all([one, ...crowds].map((ask) => ask()));
await loopDelayMs(port);
const cpuBefore = cpuSOf(pid);
const rss: number[] = [];
for (let s = 0; s < SECONDS; s++) {
  await delay(1000);
  rss.push(mibOf(pid));
}
const cpuS = cpuSOf(pid) - cpuBefore;
const loop = await loopDelayMs(port);
const [beside, ...many] = await Promise.all([one, ...crowds].map((ask) => ask()));
const besideP99 = print('the same one among all', beside.agesMs, beside.spanS, STREAMS);
const agesMs = many.flatMap((figures) => figures.agesMs);
const p99 = print(`${healthy} healthy of ${SUBSCRIBERS}`, agesMs, beside.spanS, healthy * STREAMS);
console.log(`  ${await pipelineInWords(port)}`);
const { perX, halfWidth } = slopeOf(
  rss.map((_, s) => s / 60),
  rss,
);
console.log(
  `  event loop p99 ${loop.p99.toFixed(1)} ms, max ${loop.max.toFixed(1)}; rss ${Math.min(...rss).toFixed(0)} to ${Math.max(...rss).toFixed(0)} MiB, ${perX.toFixed(1)} ± ${halfWidth.toFixed(1)} a minute; server ${((100 * cpuS) / beside.spanS).toFixed(0)} % of a core, ${((1e6 * cpuS) / agesMs.length).toFixed(0)} µs a message with inference`,
);
const cpuOfCrowds = many.reduce((sum, { cpuS: s }, i) => sum + s - before[i + 1].cpuS, 0);
console.log(
  `  clients ${((100 * cpuOfCrowds) / beside.spanS).toFixed(0)} % of a core; closed: ${JSON.stringify(many.map(({ closed }) => closed))}`,
);
const bar = 1.5 * aloneP99 + 50;
console.log(`bar: ${Math.max(p99, besideP99).toFixed(0)} ms where ${bar.toFixed(0)} are allowed`);
await stop();
process.exit(Math.max(p99, besideP99) <= bar ? 0 : 1);
