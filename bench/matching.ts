import { availableParallelism } from 'node:os';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import type { Engine } from '../src/domain/features.js';
import { createEngine } from '../src/hfnet/engine.js';
import { createRandom } from '../src/kernels/random.js';
import { type BenchRow, benchRow } from './benchRow.js';
import type { Bench, BenchContext } from './context.js';
import { descriptorPair, loopNearest } from './descriptors.js';
import { knnTwo, loadOpenCv, type OpenCv } from './opencv.js';
import { takeTurnsKeeping } from './timing.js';

/** Query rows, reference rows, descriptor size. */
type Size = readonly [n: number, m: number, dim: number];

const SIZES: readonly Size[] = [
  [500, 10_000, 64],
  [1000, 3_000, 64],
  [1000, 10_000, 64],
  [500, 10_000, 128],
];

export const matchingBench: Bench = {
  name: 'matching',
  what: 'nearest two descriptors: the engine against a plain loop and opencv-js BFMatcher',
  run: benchMatching,
};

async function benchMatching({ quick }: BenchContext): Promise<BenchRow[]> {
  const cv = await loadOpenCv();
  const engine = await createEngine({ manifestPath: DEFAULT_MODEL, threads: 1 });
  const manyThreads = await createEngine({ manifestPath: DEFAULT_MODEL });
  try {
    const rows: BenchRow[] = [];
    for (const size of quick ? SIZES.slice(0, 1) : SIZES)
      rows.push(...(await benchSize(size, engine, manyThreads, cv, quick ? 3 : 9)));
    return rows;
  } finally {
    await engine.close();
    await manyThreads.close();
  }
}

type Found = ArrayLike<number>;

async function benchSize(
  [n, m, dim]: Size,
  oneCore: Engine,
  allCores: Engine,
  cv: OpenCv,
  rounds: number,
): Promise<BenchRow[]> {
  const pair = descriptorPair(n, m, dim, createRandom(n + m + dim));
  const spans = Uint32Array.of(0, m);
  for (const engine of [oneCore, allCores]) await engine.store('float', pair.ref, dim);
  await oneCore.store('int8', pair.refInt8, dim);
  const ask = async (engine: Engine, id: string): Promise<Found> =>
    (await engine.match(pair.query, { kind: 'stored', id, spans })).index;
  // made before the clock starts: the copy into WebAssembly is not the peer's work
  const query = cv.matFromArray(n, dim, cv.CV_32FC1, pair.query);
  const ref = cv.matFromArray(m, dim, cv.CV_32FC1, pair.ref);
  const matcher = new cv.BFMatcher(cv.NORM_L2, false);
  const { ms, results } = await takeTurnsKeeping<Key, Found>(
    {
      one: () => ask(oneCore, 'float'),
      all: () => ask(allCores, 'float'),
      int8: () => ask(oneCore, 'int8'),
      loop: () => loopNearest(pair.query, pair.ref, dim),
      cv: () => knnTwo(cv, matcher, query, ref).index,
    },
    rounds,
  );
  for (const mat of [query, ref, matcher]) mat.delete();
  const right = (key: Key) => countEqual(results[key], pair.nearest);
  return VERSIONS.map(({ label, ours, peer, note }) =>
    benchRow({
      name: `match ${n}×${m}×${dim}, ${label}`,
      unit: 'ms',
      ours: ms[ours],
      peer: ms[peer],
      peerName: PEERS[peer],
      correct: {
        what: 'nearest row is the one it was made from',
        ours: right(ours),
        peer: right(peer),
        of: n,
      },
      note,
    }),
  );
}

type Key = 'one' | 'all' | 'int8' | 'loop' | 'cv';

const PEERS = { loop: 'a plain JavaScript loop', cv: 'opencv-js BFMatcher knnMatch' };

interface Version {
  readonly label: string;
  readonly ours: Key;
  readonly peer: keyof typeof PEERS;
  readonly note: string;
}

const VERSIONS: readonly Version[] = [
  { label: 'loop', ours: 'one', peer: 'loop', note: 'Both on one core.' },
  { label: 'BFMatcher', ours: 'one', peer: 'cv', note: 'Both on one core.' },
  {
    label: 'BFMatcher, int8',
    ours: 'int8',
    peer: 'cv',
    note: 'Ours on int8 rows as maps store them, one core.',
  },
  {
    label: 'BFMatcher, all cores',
    ours: 'all',
    peer: 'cv',
    note: `Ours on ${availableParallelism()} threads, as the product runs; the peer has one.`,
  },
];

/** Rows whose best index is the expected one. */
function countEqual(bestTwo: Found, expected: Int32Array): number {
  return expected.reduce((count, row, i) => count + (bestTwo[2 * i] === row ? 1 : 0), 0);
}
