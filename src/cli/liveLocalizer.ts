import { PosestreamError } from '../domain/errors.js';
import type { Engine } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import { answersInTime } from '../hfnet/answersInTime.js';
import { readMap } from '../map/mapFile.js';
import { gatedTurns } from '../operators/gatedTurns.js';
import { MAP_DESCRIPTORS } from '../operators/localizer.js';
import { roundRobin } from '../operators/turns.js';
import type { WorkerSetup } from '../server/bus.js';
import type { LiveLocalizer } from '../server/worker.js';
import { localizerOf, openBoth } from './openLocalizer.js';

interface LiveTools {
  readonly open: typeof openBoth;
  /** Of the network, for one picture; see `answersInTime`. */
  readonly longestAnswerMs: number;
}

/** What a worker localizes with: one engine, and a map that can be changed for another.
 * Throws what opening a map or a network throws. */
export async function openLiveLocalizer(
  setup: WorkerSetup,
  { open = openBoth, longestAnswerMs }: Partial<LiveTools> = {},
): Promise<LiveLocalizer> {
  const { engine, map } = await open(setup);
  const gate = gatedTurns(roundRobin());
  const take = async (map: MapModel, rows: EngineRows) => {
    const inTime = answersInTime(rows.engine, longestAnswerMs);
    const localizer = await localizerOf(map, inTime, gate, { evidence: true });
    await tryMap(map, rows.engine);
    return localizer;
  };
  let maps = 0;
  let rows = rowsOf(engine, ++maps);
  let now = await take(map, rows).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  return {
    now: () => now,
    gate,
    async swap(mapPath, quiet) {
      const next = rowsOf(engine, ++maps);
      try {
        const localizer = await take(readMap(mapPath), next);
        const goOn = await quiet();
        const old = rows;
        [now, rows] = [localizer, next];
        goOn();
        await old.free();
      } catch (error) {
        await next.free();
        throw error;
      }
    },
    close: () => engine.close(),
  };
}

interface EngineRows {
  /** The same engine; what one map stores in it another does not touch. */
  readonly engine: Engine;
  readonly free: () => Promise<void>;
}

function rowsOf(engine: Engine, map: number): EngineRows {
  const own = (id: string): string => `${map}/${id}`;
  const stored = new Map<string, number>();
  return {
    engine: {
      ...engine,
      store: (id, rows, dim) => {
        stored.set(own(id), dim);
        return engine.store(own(id), rows, dim);
      },
      match: (query, set) => engine.match(query, set.kind === 'stored' ? { ...set, id: own(set.id) } : set),
      retrieve: (global, id, k) => engine.retrieve(global, own(id), k),
    },
    free: async () => {
      for (const [id, dim] of stored) await engine.store(id, new Int8Array(0), dim);
    },
  };
}

const TRIED_ROWS = 16;
const TRIED_AMONG = 4096;
/** Int8 rows are unit rows rounded to 1/127. */
const SAME_DOT = 0.95;

/** A map finds itself: descriptors of one of its keyframes come back as their own nearest. */
async function tryMap({ observations, keyframes }: MapModel, engine: Engine): Promise<void> {
  const { descriptors, dim, count } = observations;
  if (keyframes.count === 0 || count === 0) throw new PosestreamError('E_MAP_EMPTY', 'The map is empty.');
  const rows = Math.min(TRIED_ROWS, count);
  const query = Float32Array.from(descriptors.subarray(0, rows * dim), (value) => value / 127);
  const spans = Uint32Array.of(0, Math.min(TRIED_AMONG, count));
  const { dot } = await engine.match(query, { kind: 'stored', id: MAP_DESCRIPTORS, spans });
  for (let row = 0; row < rows; row++)
    if (!(dot[2 * row] >= SAME_DOT))
      throw new PosestreamError('E_MAP_CORRUPT', 'The map does not find its own points.', {
        hint: 'Build the map again.',
      });
}
