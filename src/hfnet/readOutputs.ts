import { Tensor } from 'onnxruntime-node';
import type { ExtractOptions } from '../domain/features.js';
import type { InputPlan } from './imageTensor.js';
import type { ModelManifest } from './manifest.js';
import type { RawFeatures } from './selectKeypoints.js';
import type { Session } from './session.js';
import { checkFinite, float32Of } from './tensors.js';

type Outputs = Readonly<Record<string, Tensor>>;

/** Keypoints of a sparse-v1 network; a leading batch size of 1 may be missing.
 * @param wantsGlobal  false: `global` is null, whatever the network gives
 * @throws PosestreamError E_MODEL_CONTRACT, E_MODEL_NONFINITE */
export function readSparse(manifest: ModelManifest, outputs: Outputs, wantsGlobal: boolean): RawFeatures {
  const { outputs: names, descriptor } = manifest;
  const { dim } = descriptor;
  const scores = read(outputs, names.scores, [[1, -1], [-1]]);
  const n = scores.length;
  const keypoints = read(outputs, names.keypoints!, [
    [1, n, 2],
    [n, 2],
  ]);
  const descriptors = read(outputs, names.descriptors, [
    [1, n, dim],
    [n, dim],
  ]);
  const global = wantsGlobal ? readGlobal(manifest, outputs) : null;
  return { keypoints, scores, descriptors, dim, global };
}

/** Keypoints out of a dense-v1 network's maps, by the keypoint graph.
 * @throws PosestreamError E_MODEL_CONTRACT, E_MODEL_NONFINITE, E_ENGINE */
export async function readDense(
  manifest: ModelManifest,
  outputs: Outputs,
  keypointGraph: Session,
  { sizePx: [widthPx, heightPx], pictureSizePx }: InputPlan,
  { maxKeypoints, global }: Required<ExtractOptions>,
): Promise<RawFeatures> {
  const { outputs: names, descriptor, stride } = manifest;
  const { dim } = descriptor;
  const cells = [Math.floor(heightPx / stride), Math.floor(widthPx / stride)];
  const scoreCells = [heightPx / 8, widthPx / 8];
  const scoreShape = {
    prob: [1, 1, heightPx, widthPx],
    prob64: [1, 64, ...scoreCells],
    logit65: [1, 65, ...scoreCells],
  }[manifest.scores.type];
  read(outputs, names.scores, [scoreShape]);
  read(outputs, names.descriptors, [[1, dim, ...cells]]);
  if (names.reliability) read(outputs, names.reliability, [[1, 1, -1, -1]]);
  const found = await keypointGraph.run({
    scores: outputs[names.scores],
    descriptors: outputs[names.descriptors],
    ...(names.reliability ? { reliability: outputs[names.reliability] } : {}),
    max_keypoints: new Tensor('int64', BigInt64Array.of(BigInt(maxKeypoints)), [1]),
    valid: new Tensor('float32', Float32Array.from(pictureSizePx), [2]),
  });
  return {
    keypoints: found.keypoints.data as Float32Array,
    scores: found.scores_out.data as Float32Array,
    descriptors: found.descriptors_out.data as Float32Array,
    dim,
    global: global ? readGlobal(manifest, outputs) : null,
  };
}

function readGlobal({ outputs: names, global }: ModelManifest, outputs: Outputs): Float32Array | null {
  if (!names.global || !global) return null;
  return read(outputs, names.global, [[1, global.dim], [global.dim]]);
}

function read(outputs: Outputs, name: string, shapes: readonly (readonly number[])[]): Float32Array {
  const values = float32Of(name, outputs[name], shapes);
  checkFinite(name, values);
  return values;
}
