import { elementCode, encodeModel, int64, type Node, type Port } from './onnxWriter.js';

/** Unit rows are stored as int8 x 127. */
const INT8_SCALE = 127;

/** The two best reference rows of every query row, by dot product.
 * Inputs `query` float32 [n, dim], `ref` [m, dim], m >= 2; outputs `top2_scores` [n, 2], `top2_indices` [n, 2]. */
export function matchGraph(dim: number, refType: 'float32' | 'int8'): Uint8Array {
  const { input, casts, rows, alpha } = reference(dim, refType);
  return encodeModel({
    inputs: [{ name: 'query', type: 'float32', dims: ['n', dim] }, input],
    outputs: [
      { name: 'top2_scores', type: 'float32', dims: ['n', 2] },
      { name: 'top2_indices', type: 'int64', dims: ['n', 2] },
    ],
    constants: [int64('two', [2])],
    nodes: [
      ...casts,
      { op: 'Gemm', inputs: ['query', rows], outputs: ['dots'], attributes: { transB: 1, alpha } },
      {
        op: 'TopK',
        inputs: ['dots', 'two'],
        outputs: ['top2_scores', 'top2_indices'],
        attributes: { axis: 1 },
      },
    ],
  });
}

/** The largest dot product of every reference row with any query row: asked of the few rows that are some query's
 * best, it is all a mutual check needs. (ReduceMax over the columns of the whole product cost as much as the product.)
 * Inputs as above; output `ref_max` [m]. */
export function mutualGraph(dim: number, refType: 'float32' | 'int8'): Uint8Array {
  const { input, casts, rows, alpha } = reference(dim, refType);
  return encodeModel({
    inputs: [{ name: 'query', type: 'float32', dims: ['n', dim] }, input],
    outputs: [{ name: 'ref_max', type: 'float32', dims: ['m'] }],
    constants: [],
    nodes: [
      ...casts,
      { op: 'Gemm', inputs: [rows, 'query'], outputs: ['dots'], attributes: { transB: 1, alpha } },
      { op: 'ReduceMax', inputs: ['dots'], outputs: ['ref_max'], attributes: { axes: [1], keepdims: 0 } },
    ],
  });
}

function reference(dim: number, type: 'float32' | 'int8') {
  const input: Port = { name: 'ref', type, dims: ['m', dim] };
  if (type === 'float32') return { input, casts: [], rows: 'ref', alpha: { float: 1 } };
  const to = elementCode('float32');
  const cast: Node = { op: 'Cast', inputs: ['ref'], outputs: ['ref_float'], attributes: { to } };
  return { input, casts: [cast], rows: 'ref_float', alpha: { float: 1 / INT8_SCALE } };
}
