import { type ElementType, elementCode, encodeModel, int64 } from './onnxWriter.js';

/** Unit rows are stored as int8 x 127. */
const INT8_SCALE = 127;

/** Dot products of query and reference rows: the two best of every query row, and the largest of every reference row,
 * which is all a mutual check needs (finding its row too, by ArgMax over columns, cost three times the product).
 * Inputs `query` float32 [n, dim], `ref` [m, dim], m >= 2; outputs `top2_scores` [n, 2], `top2_indices` [n, 2],
 * `col_max` [m]. */
export function matchGraph(dim: number, refType: 'float32' | 'int8'): Uint8Array {
  const isInt8 = refType === 'int8';
  const cast = {
    op: 'Cast',
    inputs: ['ref'],
    outputs: ['ref_float'],
    attributes: { to: elementCode('float32') },
  };
  return encodeModel({
    inputs: [
      { name: 'query', type: 'float32', dims: ['n', dim] },
      { name: 'ref', type: refType as ElementType, dims: ['m', dim] },
    ],
    outputs: [
      { name: 'top2_scores', type: 'float32', dims: ['n', 2] },
      { name: 'top2_indices', type: 'int64', dims: ['n', 2] },
      { name: 'col_max', type: 'float32', dims: ['m'] },
    ],
    constants: [int64('two', [2])],
    nodes: [
      ...(isInt8 ? [cast] : []),
      {
        op: 'Gemm',
        inputs: ['query', isInt8 ? 'ref_float' : 'ref'],
        outputs: ['dots'],
        attributes: { transB: 1, alpha: { float: isInt8 ? 1 / INT8_SCALE : 1 } },
      },
      {
        op: 'TopK',
        inputs: ['dots', 'two'],
        outputs: ['top2_scores', 'top2_indices'],
        attributes: { axis: 1 },
      },
      { op: 'ReduceMax', inputs: ['dots'], outputs: ['col_max'], attributes: { axes: [0], keepdims: 0 } },
    ],
  });
}
