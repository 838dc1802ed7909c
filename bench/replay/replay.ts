import { lastValueFrom } from 'rxjs';
import { DEFAULT_MODEL } from '../../src/cli/openLocalizer.js';
import { PosestreamError } from '../../src/domain/errors.js';
import type { Engine, Features, GrayImage } from '../../src/domain/features.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Outcome } from '../../src/domain/outcome.js';
import { createEngine } from '../../src/hfnet/engine.js';
import { readMap } from '../../src/map/mapFile.js';
import { createPlaceIndex } from '../../src/map/placeIndex.js';
import { DEFAULT_OPTIONS, type Localizer, MAP_DESCRIPTORS } from '../../src/operators/localizer.js';
import { type Held, localizeFrame, START } from '../../src/streams/localize.js';
import type { Recording } from './recording.js';

export interface Replayed {
  readonly outcomes: readonly Outcome[];
  /** CPU ms of one tracked frame, all but decoding and network: one number a round over all of them. */
  readonly cpuMs: readonly number[];
  readonly tracked: number;
}

/** Runs a recording as a sequence behind the network, then its tracked frames again, each from what the frames before it
 * left: the CPU time of the whole process over all of them is one number, as asking for it costs a tenth of a frame. A
 * turned picture is refused, as a network of fixed size would. */
export async function replay(recording: Recording, keypoints: number, rounds: number): Promise<Replayed> {
  const map = readMap(recording.mapPath);
  const engine = await createEngine({ manifestPath: DEFAULT_MODEL, threads: 1 });
  try {
    await engine.store(MAP_DESCRIPTORS, map.observations.descriptors, map.observations.dim);
    const localizer: Localizer = {
      map,
      engine: remembering(engine, recording),
      places: await createPlaceIndex(map, engine, { kind: 'auto' }),
      options: { ...DEFAULT_OPTIONS, maxKeypoints: keypoints },
      nowMs: () => 0,
    };
    return await run(recording, localizer, rounds);
  } finally {
    await engine.close();
  }
}

async function run(recording: Recording, localizer: Localizer, rounds: number): Promise<Replayed> {
  const localize = localizeFrame(localizer, 'sequence', 'all');
  const step = (frame: number, held: Held) => lastValueFrom(localize(frameAt(recording, frame), held));
  const outcomes: Outcome[] = [];
  const again: { readonly frame: number; readonly held: Held }[] = [];
  let held: Held = START;
  for (let frame = 0; frame < recording.frames.length; frame++) {
    const { outcome, ...next } = await step(frame, held);
    if (isTracked(outcome)) again.push({ frame, held });
    outcomes.push(outcome);
    held = next;
  }
  const cpuMs: number[] = [];
  for (let round = 0; round < rounds && again.length > 0; round++) {
    const before = process.cpuUsage();
    for (const one of again) await step(one.frame, one.held);
    const { user, system } = process.cpuUsage(before);
    cpuMs.push((user + system) / 1000 / again.length);
  }
  return { outcomes, cpuMs, tracked: again.length };
}

const isTracked = (outcome: Outcome) =>
  outcome.kind === 'posed' &&
  outcome.state === 'tracking' &&
  outcome.pose.source === 'tracked' &&
  !outcome.retrieved;

/** Its pictures are their own numbers. */
const NUMBER_BYTES = 4;

function remembering(engine: Engine, { features }: Recording): Engine {
  return {
    ...engine,
    extract: async ({ pixels }: GrayImage, { maxKeypoints }) => {
      if (pixels.length !== NUMBER_BYTES)
        throw new PosestreamError('E_MODEL_CONTRACT', 'Turned pictures are not recorded.');
      return best(features[new Uint32Array(pixels.buffer, pixels.byteOffset, 1)[0]], maxKeypoints);
    },
  };
}

/** Features come best first. */
function best({ count, dim, xyPx, scores, descriptors, global }: Features, most: number): Features {
  const n = Math.min(count, most);
  return {
    ...{ count: n, dim, global, xyPx: xyPx.subarray(0, 2 * n) },
    ...{ scores: scores.subarray(0, n), descriptors: descriptors.subarray(0, n * dim) },
  };
}

const frameAt = ({ frames }: Recording, i: number): Frame => ({
  ...frames[i],
  pixels: new Uint8Array(Uint32Array.of(i).buffer),
  release: () => undefined,
});
