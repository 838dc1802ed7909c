import { Tensor } from 'onnxruntime-node';
import { PosestreamError } from '../domain/errors.js';
import type { Retrieved } from '../domain/features.js';
import { encodeModel } from './onnxWriter.js';
import { type ReferenceRows, rowCount } from './references.js';
import { openSession, type Session } from './session.js';
import { checkFinite, int32Of } from './tensors.js';

export interface Retriever {
  /** The k rows of largest dot product, best first; fewer where the set has fewer. */
  retrieve(query: Float32Array, set: ReferenceRows, k: number): Promise<Retrieved>;
  release(): Promise<void>;
}

/** Exact search: 0.4 ms for 10 000 rows of 256 (two cores), linear in the rows. */
export function createRetriever(threads: number): Retriever {
  let opening: Promise<Session> | undefined;
  const open = (): Promise<Session> => {
    opening ??= openSession(retrieveGraph(), threads, 'the retriever');
    return opening;
  };
  return {
    retrieve: async (query, set, k) => retrieveWith(await open(), query, set, k),
    release: async () => (await opening)?.release(),
  };
}

function retrieveGraph(): Uint8Array {
  return encodeModel({
    inputs: [
      { name: 'query', type: 'float32', dims: [1, 'g'] },
      { name: 'ref', type: 'float32', dims: ['m', 'g'] },
      { name: 'k', type: 'int64', dims: [1] },
    ],
    outputs: [
      { name: 'scores', type: 'float32', dims: [1, 'k'] },
      { name: 'indices', type: 'int64', dims: [1, 'k'] },
    ],
    constants: [],
    nodes: [
      { op: 'Gemm', inputs: ['query', 'ref'], outputs: ['dots'], attributes: { transB: 1 } },
      { op: 'TopK', inputs: ['dots', 'k'], outputs: ['scores', 'indices'], attributes: { axis: 1 } },
    ],
  });
}

async function retrieveWith(
  session: Session,
  query: Float32Array,
  set: ReferenceRows,
  k: number,
): Promise<Retrieved> {
  const { rows, dim } = set;
  if (!(rows instanceof Float32Array))
    throw new PosestreamError('E_ENGINE', 'Global descriptors must be stored as float32.');
  const m = rowCount(set);
  const size = Math.max(0, Math.min(Math.floor(k), m));
  if (size === 0) return { ids: new Int32Array(0), scores: new Float32Array(0) };
  const found = await session.run({
    query: new Tensor('float32', query, [1, dim]),
    ref: new Tensor('float32', rows, [m, dim]),
    k: new Tensor('int64', BigInt64Array.of(BigInt(size)), [1]),
  });
  const scores = (found.scores.data as Float32Array).slice();
  checkFinite('scores', scores);
  return { ids: int32Of(found.indices), scores };
}
