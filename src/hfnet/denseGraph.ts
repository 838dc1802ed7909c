import type { ModelManifest } from './manifest.js';
import {
  type Attribute,
  type Constant,
  elementCode,
  encodeModel,
  float32,
  int64,
  type Node,
} from './onnxWriter.js';

/** Pixels per side of a detector cell in the logit65 and prob64 layouts. */
const CELL = 8;
const DUSTBIN = 64;

/** Turns a dense network's maps into keypoints: cells to pixels, non-maximum suppression, threshold, the best k,
 * bilinear descriptors. In the graph this costs about 1 ms at 640 x 480, in JavaScript 3 to 7 ms.
 *
 * Inputs: `scores` as the manifest says, `descriptors` [1, D, h, w], `reliability` [1, 1, h, w] where the manifest has
 * one, `max_keypoints` int64 [1], `valid` float32 [2]: width and height of the image without its padding.
 * Outputs: `keypoints` [N, 2] pixels counted from the first pixel's centre, `scores_out` [N] falling,
 * `descriptors_out` [N, D] unit. Candidates in the padding and the border score -1. */
export function denseGraph(manifest: ModelManifest): Uint8Array {
  const { outputs, descriptor } = manifest;
  const scores = manifest.scores.type;
  const channels = scores === 'prob' ? 1 : scores === 'prob64' ? DUSTBIN : DUSTBIN + 1;
  const reliability = outputs.reliability !== undefined;
  return encodeModel({
    inputs: [
      { name: 'scores', type: 'float32', dims: [1, channels, 'hs', 'ws'] },
      { name: 'descriptors', type: 'float32', dims: [1, descriptor.dim, 'hd', 'wd'] },
      ...(reliability ? [{ name: 'reliability', type: 'float32' as const, dims: [1, 1, 'hr', 'wr'] }] : []),
      { name: 'max_keypoints', type: 'int64', dims: [1] },
      { name: 'valid', type: 'float32', dims: [2] },
    ],
    outputs: [
      { name: 'keypoints', type: 'float32', dims: ['n', 2] },
      { name: 'scores_out', type: 'float32', dims: ['n'] },
      { name: 'descriptors_out', type: 'float32', dims: ['n', descriptor.dim] },
    ],
    constants: constants(manifest),
    nodes: [
      ...heatNodes(scores),
      ...candidateNodes(manifest.nmsRadiusPx),
      ...rankNodes(reliability),
      ...bestNodes(),
      ...sampleNodes(manifest.sampling.alignCorners),
    ],
  });
}

function constants(manifest: ModelManifest): Constant[] {
  return [
    float32('threshold', [manifest.scores.threshold], []),
    float32('valid_from', [manifest.borderPx, manifest.borderPx], [2]),
    float32('border', [manifest.borderPx], []),
    float32('minus_one', [-1], []),
    float32('half', [0.5], []),
    float32('one', [1], []),
    float32('two', [2], []),
    float32('tiny', [1e-12], []),
    int64('zero_i', [0]),
    int64('one_i', [1]),
    int64('cells', [DUSTBIN]),
    int64('flat', [-1]),
    int64('last', [3]),
    int64('size_from', [2]),
    int64('size_to', [4]),
    int64('width_height', [3, 2]),
    int64('grid_shape', [1, 1, -1, 2]),
    int64('rows_shape', [manifest.descriptor.dim, -1]),
  ];
}

const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
): Node => ({ op, inputs, outputs: [output], attributes });

/** `heat` [1, 1, H, W]. */
function heatNodes(scores: ModelManifest['scores']['type']): Node[] {
  const toPixels = (from: string): Node => node('DepthToSpace', [from], 'heat', { blocksize: CELL });
  if (scores === 'prob') return [node('Identity', ['scores'], 'heat')];
  if (scores === 'prob64') return [toPixels('scores')];
  return [
    node('Softmax', ['scores'], 'prob65', { axis: 1 }),
    node('Slice', ['prob65', 'zero_i', 'cells', 'one_i'], 'prob64'),
    toPixels('prob64'),
  ];
}

/** `rows` [c]: flat positions of local maxima above the threshold; `xy` [c, 2] their pixels. */
function candidateNodes(radius: number): Node[] {
  const pads = [radius, radius, radius, radius];
  return [
    node('MaxPool', ['heat'], 'pooled', { kernel_shape: [2 * radius + 1, 2 * radius + 1], pads }),
    node('Equal', ['heat', 'pooled'], 'is_max'),
    node('Greater', ['heat', 'threshold'], 'is_high'),
    node('And', ['is_max', 'is_high'], 'is_candidate'),
    node('Reshape', ['is_candidate', 'flat'], 'candidate_flat'),
    node('NonZero', ['candidate_flat'], 'rows_2d'),
    node('Reshape', ['rows_2d', 'flat'], 'rows'),
    node('Shape', ['heat'], 'heat_shape'),
    node('Gather', ['heat_shape', 'last'], 'width'),
    node('Div', ['rows', 'width'], 'y'),
    node('Mul', ['y', 'width'], 'row_start'),
    node('Sub', ['rows', 'row_start'], 'x'),
    node('Unsqueeze', ['x', 'one_i'], 'x_col'),
    node('Unsqueeze', ['y', 'one_i'], 'y_col'),
    node('Concat', ['x_col', 'y_col'], 'xy_int', { axis: 1 }),
    node('Cast', ['xy_int'], 'xy', { to: elementCode('float32') }),
  ];
}

/** `ranked` [c]: score times reliability, -1 in the padding and the border. */
function rankNodes(reliability: boolean): Node[] {
  const resize: Node[] = [
    node('Shape', ['reliability'], 'reliability_shape'),
    node('Slice', ['reliability_shape', 'zero_i', 'size_from'], 'batch_channel'),
    node('Slice', ['heat_shape', 'size_from', 'size_to'], 'heat_size'),
    node('Concat', ['batch_channel', 'heat_size'], 'full_shape', { axis: 0 }),
    node('Resize', ['reliability', '', '', 'full_shape'], 'reliability_full', { mode: 'linear' }),
    node('Mul', ['heat', 'reliability_full'], 'weighted'),
  ];
  return [
    ...(reliability ? resize : [node('Identity', ['heat'], 'weighted')]),
    node('Reshape', ['weighted', 'flat'], 'weighted_flat'),
    node('Gather', ['weighted_flat', 'rows'], 'candidate_scores'),
    node('Sub', ['valid', 'border'], 'valid_to'),
    node('Less', ['xy', 'valid_to'], 'xy_before'),
    node('GreaterOrEqual', ['xy', 'valid_from'], 'xy_after'),
    node('And', ['xy_before', 'xy_after'], 'xy_inside'),
    node('Cast', ['xy_inside'], 'xy_inside_float', { to: elementCode('float32') }),
    node('ReduceMin', ['xy_inside_float'], 'inside_float', { axes: [1], keepdims: 0 }),
    node('Greater', ['inside_float', 'half'], 'inside'),
    node('Where', ['inside', 'candidate_scores', 'minus_one'], 'ranked'),
  ];
}

/** `scores_out`, `keypoints`. */
function bestNodes(): Node[] {
  return [
    node('Shape', ['ranked'], 'candidates'),
    node('Min', ['candidates', 'max_keypoints'], 'k'),
    { op: 'TopK', inputs: ['ranked', 'k'], outputs: ['scores_out', 'best'], attributes: { axis: 0 } },
    node('Gather', ['xy', 'best'], 'keypoints'),
  ];
}

/** `descriptors_out`. Positions across the image are -1..1, between the outer edges or the outer centres. */
function sampleNodes(alignCorners: boolean): Node[] {
  const position: Node[] = alignCorners
    ? [node('Sub', ['size', 'one'], 'span'), node('Identity', ['keypoints'], 'from_edge')]
    : [node('Identity', ['size'], 'span'), node('Add', ['keypoints', 'half'], 'from_edge')];
  return [
    node('Gather', ['heat_shape', 'width_height'], 'size_int'),
    node('Cast', ['size_int'], 'size', { to: elementCode('float32') }),
    ...position,
    node('Div', ['from_edge', 'span'], 'unit_position'),
    node('Mul', ['unit_position', 'two'], 'double_position'),
    node('Sub', ['double_position', 'one'], 'position'),
    node('Reshape', ['position', 'grid_shape'], 'grid'),
    node('GridSample', ['descriptors', 'grid'], 'sampled', {
      align_corners: alignCorners ? 1 : 0,
      mode: 'bilinear',
      padding_mode: 'border',
    }),
    node('Reshape', ['sampled', 'rows_shape'], 'sampled_rows'),
    node('Transpose', ['sampled_rows'], 'sampled_t', { perm: [1, 0] }),
    node('ReduceL2', ['sampled_t'], 'norm', { axes: [1], keepdims: 1 }),
    node('Max', ['norm', 'tiny'], 'norm_safe'),
    node('Div', ['sampled_t', 'norm_safe'], 'descriptors_out'),
  ];
}
