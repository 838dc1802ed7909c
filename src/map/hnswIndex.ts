import { setImmediate } from 'node:timers/promises';
import type { Retrieved } from '../domain/features.js';

/** The part of `hnswlib-node` that is used; an optional dependency, so its own types may be absent. */
interface Hnsw {
  initIndex(options: { maxElements: number; m: number; efConstruction: number; randomSeed: number }): void;
  addPoint(point: number[], label: number): void;
  setEf(ef: number): void;
  searchKnn(query: number[], k: number): { readonly distances: number[]; readonly neighbors: number[] };
}

export type HnswConstructor = new (space: 'ip', dim: number) => Hnsw;

export interface HnswSearch {
  search(query: Float32Array, k: number): Retrieved;
}

const M = 16;
const EF_CONSTRUCTION = 200;
const MIN_EF = 64;
const ROWS_PER_TURN = 256;

/** null where the package is not installed or its native part does not load. */
export async function loadHnsw(): Promise<HnswConstructor | null> {
  // A variable, so that the compiler does not ask for a package that may be absent.
  const name: string = 'hnswlib-node';
  try {
    const loaded: { default: { HierarchicalNSW: HnswConstructor } } = await import(name);
    return loaded.default.HierarchicalNSW;
  } catch {
    return null;
  }
}

/** A graph built here from rows already checked; an index file is never loaded, since a damaged one ends the process.
 * Only plain number arrays of the right length reach the native code: it ends the process over strings too.
 * Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using HNSW graphs", 2018.
 * @param rows [n x dim] finite, unit    Lets other work in between, as building takes seconds per 10 000 rows. */
export async function buildHnsw(
  Constructor: HnswConstructor,
  rows: Float32Array,
  dim: number,
  seed: number,
): Promise<HnswSearch> {
  const count = rows.length / dim;
  const graph = new Constructor('ip', dim);
  graph.initIndex({ maxElements: count, m: M, efConstruction: EF_CONSTRUCTION, randomSeed: seed });
  for (let row = 0; row < count; row++) {
    graph.addPoint(Array.from(rows.subarray(row * dim, (row + 1) * dim)), row);
    if (row % ROWS_PER_TURN === ROWS_PER_TURN - 1) await setImmediate();
  }
  return {
    search: (query, k) => {
      graph.setEf(Math.max(MIN_EF, 2 * k));
      const { distances, neighbors } = graph.searchKnn(Array.from(query), k);
      return { ids: Int32Array.from(neighbors), scores: Float32Array.from(distances, (d) => 1 - d) };
    },
  };
}
