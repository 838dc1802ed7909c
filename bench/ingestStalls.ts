import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../src/kernels/random.js';
import { liveInput } from '../src/streams/liveKinds.js';
import { openLive } from '../src/streams/liveSource.js';
import { type LiveAddress, parseSource } from '../src/streams/sourceUrl.js';
import { exists, makeClip, pinhole, tempFolder } from '../test/clips.js';
import { startRtspServer } from '../test/rtspServer.js';
import { DRIBBLE, PASS, startChaosProxy } from '../test/support/chaosProxy.js';
import { hasGstCamera, startGstCamera } from '../test/support/gstCamera.js';

/** How soon a camera that hangs (SIGSTOP of GStreamer's server) and a line that drips a few bytes a second are found out,
 * counted from the last frame, against the deadline of 1 s; and how often a camera whose rate varies between 2 and 60
 * frames/s is taken for silent, which it never is.
 *
 *     npx tsx bench/ingestStalls.ts [times] [seconds of varying rate]
 */
const [TIMES, VARYING_S] = [20, 180].map((usual, i) => Number(process.argv[2 + i] ?? usual));
const DEADLINE_MS = 1000;
/** Frames between two troubles. */
const QUIET_FRAMES = 45;

const clip = readFileSync(
  makeClip(
    join(tempFolder(), 'cam.h264'),
    ...(['320x180', 2, 30] as const),
    ...['-profile:v', 'baseline', '-bf', '0', '-g', '15', '-x264-params', 'slices=1:sliced-threads=0'],
  ),
);

const pids: number[] = [];

interface Seen {
  readonly foundAfterMs: readonly number[];
  readonly stalls: number;
  readonly frames: number;
}

/** Hurts the camera every now and then and heals it once that is found out. */
async function watch(
  url: string,
  size: readonly [number, number],
  isEnough: (seen: Seen) => boolean,
  hurt: () => void,
  heal: () => void,
): Promise<Seen> {
  const foundAfterMs: number[] = [];
  let [stalls, frames, quiet, isHurt, lastFrameMs] = [0, 0, 0, false, 0];
  const source = openLive(liveInput(parseSource(url) as LiveAddress), {
    ...{ camera: pinhole(...size), maxSidePx: 640, firstFrameMs: 10_000 },
    onStart: (pid) => pids.push(pid),
    onStatus: ({ kind }) => {
      if (kind !== 'stalled') return;
      stalls++;
      if (isHurt && quiet > 0) foundAfterMs.push(performance.now() - lastFrameMs);
      [isHurt, quiet] = [false, 0];
      heal();
    },
  });
  for await (const frame of source) {
    frame.release();
    frames++;
    quiet++;
    lastFrameMs = performance.now();
    if (isEnough({ foundAfterMs, stalls, frames })) break;
    if (isHurt || quiet < QUIET_FRAMES) continue;
    isHurt = true;
    hurt();
  }
  return { foundAfterMs, stalls, frames };
}

async function hangs(): Promise<void> {
  if (!hasGstCamera) return console.log('hang: no GStreamer RTSP server here');
  const camera = await startGstCamera();
  const signal = (name: NodeJS.Signals) => () => camera.process.kill(name);
  const isEnough = ({ foundAfterMs }: Seen) => foundAfterMs.length >= TIMES;
  print('hang', await watch(camera.url, [640, 480], isEnough, signal('SIGSTOP'), signal('SIGCONT')));
  await camera.kill();
}

async function drips(): Promise<void> {
  const server = await startRtspServer(clip, { fps: 30 });
  const line = await startChaosProxy(Number(new URL(server.url.replace('rtsp', 'http')).port));
  const isEnough = ({ foundAfterMs }: Seen) => foundAfterMs.length >= TIMES;
  const set = (trouble: typeof PASS) => () => line.set(trouble);
  print(
    'drip',
    await watch(`rtsp://127.0.0.1:${line.port}/cam`, [320, 180], isEnough, set(DRIBBLE), set(PASS)),
  );
  await line.close();
  await server.close();
}

/** The rate changes at every frame, between 2 and 60 a second. */
function varyingDue(): (picture: number) => number {
  const { uniform } = createRandom(13);
  const due = [0];
  while (due.at(-1)! < VARYING_S + 60) due.push(due.at(-1)! + 1 / (2 * 30 ** uniform()));
  return (picture) => due[picture] ?? Number.POSITIVE_INFINITY;
}

async function varies(): Promise<void> {
  const server = await startRtspServer(clip, { fps: 30, dueS: varyingDue() });
  const began = performance.now();
  const isEnough = () => performance.now() - began > 1000 * VARYING_S;
  const nothing = () => undefined;
  const { stalls, frames } = await watch(server.url, [320, 180], isEnough, nothing, nothing);
  console.log(`varying rate: ${VARYING_S} s, ${frames} frames, ${stalls} times taken for silent`);
  await server.close();
}

function print(name: string, { foundAfterMs, stalls }: Seen): void {
  const late = foundAfterMs.map((ms) => ms - DEADLINE_MS).sort((a, b) => a - b);
  const at = (q: number) => late[Math.floor(q * (late.length - 1))].toFixed(0);
  console.log(
    `${name}: ${late.length} of ${stalls} stalls, found out after the deadline by p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms`,
  );
}

await Promise.all([hangs(), drips(), varies()]);
console.log(`${pids.filter(exists).length} of ${pids.length} decoders left over`);
