import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastValueFrom, map, merge, type Observable, takeWhile, tap, timer } from 'rxjs';
import { demoMap } from '../src/cli/demoMap.js';
import { DEFAULT_MODEL, openLocalizer } from '../src/cli/openLocalizer.js';
import type { Frame } from '../src/domain/frame.js';
import type { Outcome } from '../src/domain/outcome.js';
import { parseIntrinsics } from '../src/map/intrinsics.js';
import { readTextFile } from '../src/map/posedFolder.js';
import type { Localizer } from '../src/operators/localizer.js';
import { localizeLive } from '../src/streams/localize.js';
import { openVideo } from '../src/streams/videoFile.js';

/** How old poses are when several cameras share one engine, in turns and without, beside a single camera in the same
 * run; and how even their shares are (Jain's index: 1 is even, 1/n is one camera alone).
 *
 *     npx tsx bench/manyStreams.ts [seconds] [streams] [frames a second]
 */
const [SECONDS, STREAMS, FPS] = [20, 4, 30].map((usual, i) => Number(process.argv[2 + i] ?? usual));
const TOWN = fileURLToPath(new URL('../fixtures/town/', import.meta.url));
const [MAP_DRIVE, DRIVE] = [join(TOWN, 'day-map'), join(TOWN, 'day-other-lane')];

/** The drive as a camera at FPS would send it, from memory; it starts anew, an epoch later, at its end. */
function camera(frames: readonly Frame[], id: number): Observable<Frame> {
  const first = Math.floor((id * frames.length) / STREAMS);
  return timer((1000 * id) / FPS / STREAMS, 1000 / FPS).pipe(
    takeWhile((n) => n < SECONDS * FPS),
    map((n) => ({
      ...frames[(first + n) % frames.length],
      ...{ stream: String(id), epoch: Math.floor((first + n) / frames.length), sequence: n },
      ...{ captureMs: performance.now(), release: () => undefined },
    })),
  );
}

interface Run {
  readonly ages: readonly number[];
  /** Poses of each camera. */
  readonly shares: readonly number[];
  readonly unaccounted: number;
}

async function run(localizer: Localizer, frames: readonly Frame[], streams: number): Promise<Run> {
  const ages: number[] = [];
  const shares = new Array<number>(streams).fill(0);
  let ends = 0;
  const settle = (outcome: Outcome): void => {
    ends++;
    if (outcome.kind === 'dropped') return;
    ages.push(performance.now() - outcome.frame.captureMs);
    if (outcome.kind === 'posed') shares[Number(outcome.frame.stream)]++;
  };
  const lanes = shares.map((_, id) =>
    camera(frames, id).pipe(localizeLive(localizer, 'sequence'), tap(settle)),
  );
  await lastValueFrom(merge(...lanes));
  return { ages: ages.sort((a, b) => a - b), shares, unaccounted: streams * SECONDS * FPS - ends };
}

function print(name: string, { ages, shares, unaccounted }: Run): void {
  const at = (q: number) => ages[Math.floor(q * (ages.length - 1))].toFixed(0);
  const sum = shares.reduce((a, b) => a + b, 0);
  const jain = sum ** 2 / (shares.length * shares.reduce((a, b) => a + b * b, 0));
  const rss = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
  console.log(
    `${name.padEnd(24)} age p50 ${at(0.5)} ms, p95 ${at(0.95)} ms; ${(sum / SECONDS).toFixed(0)} poses/s, Jain ${jain.toFixed(4)}, unaccounted ${unaccounted}, rss ${rss} MiB`,
  );
}

const signal = new AbortController().signal;
const localizer = await openLocalizer({
  mapPath: await demoMap(MAP_DRIVE, signal),
  modelPath: DEFAULT_MODEL,
});
const intrinsics = join(DRIVE, 'intrinsics.json');
const frames: Frame[] = [];
for await (const frame of openVideo(join(DRIVE, 'video.mp4'), {
  camera: parseIntrinsics(readTextFile(intrinsics), intrinsics),
  maxSidePx: 640,
})) {
  frames.push({ ...frame, pixels: frame.pixels.slice() });
  frame.release();
}
const { turns, ...unordered } = localizer;
print('1 camera', await run(localizer, frames, 1));
print(`${STREAMS} cameras, in turns`, await run(localizer, frames, STREAMS));
print(`${STREAMS} cameras, no turns`, await run(unordered, frames, STREAMS));
await localizer.close();
