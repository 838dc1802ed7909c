import { Tensor } from 'onnxruntime-node';
import type { NearestTwo } from '../domain/features.js';
import { matchGraph } from './matchGraph.js';
import { CHUNK_ROWS, type ReferenceRows, spanChunks, spanRows } from './references.js';
import { openSession, type Session } from './session.js';
import { checkFinite, int32Of } from './tensors.js';

export interface Matcher {
  /** Nearest two by dot product. Where a neighbour is missing (fewer than 2 reference rows, no query row) its index is
   * -1 and its dot 0. Memory: one block of n x CHUNK_ROWS dot products. */
  match(query: Float32Array, set: ReferenceRows, spans: Uint32Array): Promise<NearestTwo>;
  release(): Promise<void>;
}

interface Kernel {
  readonly session: Session;
  readonly scratch: Float32Array | Int8Array;
}

/** One session per descriptor size and storage type, opened when first needed and kept. */
export function createMatcher(threads: number): Matcher {
  const kernels = new Map<string, Promise<Kernel>>();
  const kernelFor = ({ rows, dim }: ReferenceRows): Promise<Kernel> => {
    const type = rows instanceof Int8Array ? 'int8' : 'float32';
    const key = `${type} ${dim}`;
    const known = kernels.get(key) ?? openKernel(dim, type, threads);
    kernels.set(key, known);
    return known;
  };
  return {
    match: async (query, set, spans) => matchWith(await kernelFor(set), query, set, spans),
    release: async () => {
      for (const kernel of kernels.values()) await (await kernel).session.release();
    },
  };
}

async function openKernel(dim: number, type: 'float32' | 'int8', threads: number): Promise<Kernel> {
  const size = CHUNK_ROWS * dim;
  return {
    session: await openSession(matchGraph(dim, type), threads, 'the matcher'),
    scratch: type === 'int8' ? new Int8Array(size) : new Float32Array(size),
  };
}

async function matchWith(
  kernel: Kernel,
  query: Float32Array,
  set: ReferenceRows,
  spans: Uint32Array,
): Promise<NearestTwo> {
  const { dim } = set;
  const n = query.length / dim;
  const total = spanRows(set, spans);
  const out: NearestTwo = {
    index: new Int32Array(2 * n).fill(-1),
    dot: new Float32Array(2 * n),
    refBest: new Int32Array(total).fill(-1),
  };
  if (n === 0 || total === 0) return out;
  const queryTensor = new Tensor('float32', query, [n, dim]);
  const refMax = new Float32Array(total);
  let offset = 0;
  for (const chunk of spanChunks(set.rows, dim, spans, total, kernel.scratch)) {
    const rows = chunk.length / dim;
    await matchChunk(
      kernel.session,
      queryTensor,
      rows === 1 ? padded(chunk) : chunk,
      offset,
      rows,
      out,
      refMax,
    );
    offset += rows;
  }
  checkFinite('dot', out.dot);
  setRefBest(out, refMax);
  return out;
}

/** Two rows where there is one: the graph always looks for two. */
function padded(row: Float32Array | Int8Array): Float32Array | Int8Array {
  const two = row instanceof Int8Array ? new Int8Array(2 * row.length) : new Float32Array(2 * row.length);
  two.set(row);
  return two;
}

async function matchChunk(
  session: Session,
  query: Tensor,
  chunk: Float32Array | Int8Array,
  offset: number,
  rows: number,
  out: NearestTwo,
  refMax: Float32Array,
): Promise<void> {
  const [n, dim] = query.dims;
  const dims = [chunk.length / dim, dim];
  const ref =
    chunk instanceof Int8Array ? new Tensor('int8', chunk, dims) : new Tensor('float32', chunk, dims);
  const found = await session.run({ query, ref });
  refMax.set((found.col_max.data as Float32Array).subarray(0, rows), offset);
  const index = int32Of(found.top2_indices);
  const dot = found.top2_scores.data as Float32Array;
  for (let i = 0; i < n; i++)
    for (let j = 2 * i; j < 2 * i + 2; j++) if (index[j] < rows) insert(out, i, index[j] + offset, dot[j]);
}

/** A reference row's best query is the one whose best row it is with the row's largest dot: both numbers come from the
 * same product, so they are equal to the bit. Of equals the first query wins. */
function setRefBest({ index, dot, refBest }: NearestTwo, refMax: Float32Array): void {
  for (let i = 0; 2 * i < index.length; i++) {
    const row = index[2 * i];
    if (refBest[row] < 0 && dot[2 * i] >= refMax[row]) refBest[row] = i;
  }
}

/** Equal dots keep the earlier row first. */
function insert({ index, dot }: NearestTwo, i: number, row: number, value: number): void {
  const best = 2 * i;
  const second = best + 1;
  if (index[best] < 0 || value > dot[best]) {
    index[second] = index[best];
    dot[second] = dot[best];
    index[best] = row;
    dot[best] = value;
  } else if (index[second] < 0 || value > dot[second]) {
    index[second] = row;
    dot[second] = value;
  }
}
