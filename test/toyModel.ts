import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelManifest } from '../src/hfnet/manifest.js';
import { encodeModel, float32, type Node, type Port } from '../src/hfnet/onnxWriter.js';

export const TOY_DIM = 4;
export const TOY_GLOBAL_DIM = 3;

export interface ToyOptions {
  /** Keypoints the network always gives, in pixels counted from the first pixel's centre. */
  readonly xy: readonly (readonly [number, number])[];
  readonly scores: readonly number[];
  /** [width, height] of a network of fixed size. */
  readonly fixed?: readonly [number, number];
  readonly manifest?: Partial<ModelManifest>;
  /** Length of the descriptor rows. */
  readonly norm?: number;
  /** Written instead of the network, with a manifest that fits. */
  readonly bytes?: Uint8Array;
}

const written: string[] = [];
process.once('exit', () => {
  for (const folder of written) rmSync(folder, { recursive: true, force: true });
});

/** Writes a network whose answer is known beforehand; a black image makes its scores NaN (0/0). Descriptor i is the
 * unit vector of axis i modulo TOY_DIM. @returns the manifest's path */
export function writeToyModel(options: ToyOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-toy-'));
  written.push(folder);
  const bytes = options.bytes ?? toyGraph(options);
  const toy = toyManifest(bytes);
  const fixedSize = options.fixed ? { width: options.fixed[0], height: options.fixed[1] } : null;
  const manifest = { ...toy, input: { ...toy.input, fixedSize }, ...options.manifest };
  writeFileSync(join(folder, 'toy.onnx'), bytes);
  const path = join(folder, 'toy.json');
  writeFileSync(path, JSON.stringify(manifest));
  return path;
}

export function toyManifest(bytes: Uint8Array): ModelManifest {
  return {
    manifestVersion: 1,
    name: 'toy',
    version: '1',
    file: 'toy.onnx',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    licence: 'Apache-2.0',
    provenance: { teachers: [], data: [] },
    kind: 'sparse-v1',
    input: {
      channels: 1,
      colourOrder: 'gray',
      range: [0, 1],
      mean: null,
      std: null,
      padTo: 32,
      padMode: 'edge',
      fixedSize: null,
      preferredSize: { width: 64, height: 64 },
    },
    inputs: { image: 'image', maxKeypoints: 'max_keypoints' },
    outputs: {
      keypoints: 'keypoints',
      scores: 'scores',
      descriptors: 'descriptors',
      global: 'global',
    },
    coordinates: 'center-integer',
    offset: { x: 0, y: 0 },
    stride: 1,
    descriptor: { dim: TOY_DIM, normalised: true, metric: 'dot' },
    scores: { type: 'prob', threshold: 0.1 },
    nmsRadiusPx: 0,
    borderPx: 0,
    sampling: { mode: 'bilinear', alignCorners: false },
    global: { dim: TOY_GLOBAL_DIM, normalised: true, pca: false },
  };
}

export function toyGraph({ xy, scores, fixed, norm = 1 }: ToyOptions): Uint8Array {
  const n = xy.length;
  const [width, height] = fixed ?? ['w', 'h'];
  const rows = xy.flatMap((_, i) =>
    Array.from({ length: TOY_DIM }, (_, j) => (i % TOY_DIM === j ? norm : 0)),
  );
  const output = (name: string, dims: number[]): Port => ({ name, type: 'float32', dims });
  const nodes: Node[] = [
    { op: 'ReduceMean', inputs: ['image'], outputs: ['mean'], attributes: { keepdims: 0 } },
    { op: 'Div', inputs: ['mean', 'mean'], outputs: ['one'] },
    ...['keypoints', 'descriptors', 'global'].map((name) => ({
      op: 'Identity',
      inputs: [`${name}_value`],
      outputs: [name],
    })),
    { op: 'Mul', inputs: ['scores_value', 'one'], outputs: ['scores'] },
  ];
  return encodeModel({
    inputs: [
      { name: 'image', type: 'float32', dims: [1, 1, height, width] },
      { name: 'max_keypoints', type: 'int64', dims: [1] },
    ],
    outputs: [
      output('keypoints', [1, n, 2]),
      output('scores', [1, n]),
      output('descriptors', [1, n, TOY_DIM]),
      output('global', [1, TOY_GLOBAL_DIM]),
    ],
    constants: [
      float32('keypoints_value', xy.flat(), [1, n, 2]),
      float32('scores_value', scores, [1, n]),
      float32('descriptors_value', rows, [1, n, TOY_DIM]),
      float32('global_value', [1, 0, 0], [1, TOY_GLOBAL_DIM]),
    ],
    nodes,
  });
}

/** A gray image of one value. */
export const flatImage = (widthPx: number, heightPx: number, value: number) => ({
  pixels: new Uint8Array(widthPx * heightPx).fill(value),
  widthPx,
  heightPx,
});
