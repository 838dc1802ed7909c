import { Tensor } from 'onnxruntime-node';
import type { NearestTwo } from '../domain/features.js';
import { matchGraph, mutualGraph } from './matchGraph.js';
import { CHUNK_ROWS, pickRows, type ReferenceRows, spanChunks, spanRows } from './references.js';
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
  readonly mutual: Session;
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
      for (const kernel of kernels.values()) {
        const { session, mutual } = await kernel;
        await session.release();
        await mutual.release();
      }
    },
  };
}

async function openKernel(dim: number, type: 'float32' | 'int8', threads: number): Promise<Kernel> {
  const size = CHUNK_ROWS * dim;
  return {
    session: await openSession(matchGraph(dim, type), threads, 'the matcher'),
    mutual: await openSession(mutualGraph(dim, type), threads, 'the mutual check'),
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
  let offset = 0;
  for (const chunk of spanChunks(set.rows, dim, spans, total, kernel.scratch)) {
    const rows = chunk.length / dim;
    await matchChunk(kernel.session, queryTensor, rows === 1 ? padded(chunk) : chunk, offset, rows, out);
    offset += rows;
  }
  checkFinite('dot', out.dot);
  await setRefBest(kernel.mutual, queryTensor, set, spans, out);
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
): Promise<void> {
  const [n, dim] = query.dims;
  const found = await session.run({ query, ref: rowsTensor(chunk, dim) });
  const index = int32Of(found.top2_indices);
  const dot = found.top2_scores.data as Float32Array;
  for (let i = 0; i < n; i++)
    for (let j = 2 * i; j < 2 * i + 2; j++) if (index[j] < rows) insert(out, i, index[j] + offset, dot[j]);
}

const rowsTensor = (rows: Float32Array | Int8Array, dim: number): Tensor => {
  const dims = [rows.length / dim, dim];
  return rows instanceof Int8Array ? new Tensor('int8', rows, dims) : new Tensor('float32', rows, dims);
};

/** Two products of the same rows may differ in the last bits. */
const SAME_DOT = 1e-6;

/** A reference row's best query is the one whose best row it is with the row's largest dot. Of equals the first query
 * wins. */
async function setRefBest(
  session: Session,
  query: Tensor,
  set: ReferenceRows,
  spans: Uint32Array,
  { index, dot, refBest }: NearestTwo,
): Promise<void> {
  const claims = new Map<number, number>();
  for (let i = 0; 2 * i < index.length; i++) {
    const row = index[2 * i];
    const rival = claims.get(row);
    if (rival === undefined || dot[2 * i] > dot[2 * rival]) claims.set(row, i);
  }
  const claimed = [...claims.keys()];
  const rows = pickRows(set, spans, claimed);
  const found = await session.run({ query, ref: rowsTensor(rows, set.dim) });
  const refMax = found.ref_max.data as Float32Array;
  claimed.forEach((row, c) => {
    const i = claims.get(row)!;
    if (dot[2 * i] >= refMax[c] - SAME_DOT) refBest[row] = i;
  });
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
