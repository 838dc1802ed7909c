import { Tensor } from 'onnxruntime-node';
import { PosestreamError } from '../domain/errors.js';
import type { Assigned, Centres } from '../domain/features.js';
import { encodeModel, int64, type Node } from './onnxWriter.js';
import { openSession, type Session } from './session.js';
import { checkFinite } from './tensors.js';

export interface Assigner {
  /** Shares every row out among centres: half a k-means step, and the sums of a VLAD. Memory n x clusters. */
  assign(rows: Float32Array, centres: Centres): Promise<Assigned>;
  release(): Promise<void>;
}

export function createAssigner(threads: number): Assigner {
  let opening: Promise<Session> | undefined;
  return {
    assign: async (rows, centres) => {
      opening ??= openSession(assignGraph(), threads, 'the assigner');
      return assignWith(await opening, rows, centres);
    },
    release: async () => (await opening)?.release(),
  };
}

/** Shares: softmax over the centres of -sharpness |row - centre|^2, of which |row|^2 falls out.
 * Source: Arandjelovic et al., NetVLAD, CVPR 2016, equation 2. */
function assignGraph(): Uint8Array {
  const node = (op: string, inputs: string[], output: string, attributes: Node['attributes']): Node => ({
    ...{ op, inputs, outputs: [output], attributes },
  });
  return encodeModel({
    inputs: [
      { name: 'rows', type: 'float32', dims: ['n', 'd'] },
      { name: 'centres', type: 'float32', dims: ['k', 'd'] },
      { name: 'sharpness', type: 'float32', dims: [1] },
    ],
    outputs: [
      { name: 'sums', type: 'float32', dims: ['k', 'd'] },
      { name: 'counts', type: 'float32', dims: ['k'] },
    ],
    constants: [int64('over_rows', [0])],
    nodes: [
      node('ReduceSumSquare', ['centres'], 'square', { axes: [1], keepdims: 0 }),
      node('Gemm', ['rows', 'centres', 'square'], 'nearness', {
        transB: 1,
        alpha: { float: 2 },
        beta: { float: -1 },
      }),
      node('Mul', ['nearness', 'sharpness'], 'logits', {}),
      node('Softmax', ['logits'], 'shares', { axis: 1 }),
      node('Gemm', ['shares', 'rows'], 'sums', { transA: 1 }),
      node('ReduceSum', ['shares', 'over_rows'], 'counts', { keepdims: 0 }),
    ],
  });
}

async function assignWith(
  session: Session,
  rows: Float32Array,
  { rows: centres, dim, sharpness }: Centres,
): Promise<Assigned> {
  if (rows.length % dim !== 0 || centres.length % dim !== 0)
    throw new PosestreamError(
      'E_ENGINE',
      `${rows.length} and ${centres.length} numbers are not rows of ${dim}.`,
    );
  const clusters = centres.length / dim;
  if (rows.length === 0)
    return { sums: new Float32Array(centres.length), counts: new Float32Array(clusters) };
  const found = await session.run({
    rows: new Tensor('float32', rows, [rows.length / dim, dim]),
    centres: new Tensor('float32', centres, [clusters, dim]),
    sharpness: new Tensor('float32', Float32Array.of(sharpness), [1]),
  });
  const sums = (found.sums.data as Float32Array).slice();
  const counts = (found.counts.data as Float32Array).slice();
  checkFinite('sums', sums);
  return { sums, counts };
}
