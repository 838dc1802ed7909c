import { Tensor } from 'onnxruntime-node';
import type { InputPlan } from './imageTensor.js';
import type { ModelManifest } from './manifest.js';
import type { RawFeatures } from './selectKeypoints.js';
import type { Session } from './session.js';
import { checkTensors, type Expectation } from './tensors.js';

type Outputs = Readonly<Record<string, Tensor>>;

/** Keypoints of a sparse-v1 network; a leading batch size of 1 may be missing.
 * @throws PosestreamError E_MODEL_CONTRACT, E_MODEL_NONFINITE */
export function readSparse(manifest: ModelManifest, outputs: Outputs): RawFeatures {
  const { outputs: names, descriptor } = manifest;
  const { dim } = descriptor;
  const n = outputs[names.scores]?.size ?? 0;
  const rows = (width: number) => [
    [1, n, width],
    [n, width],
  ];
  checkTensors(outputs, [
    { name: names.scores, shapes: [[1, -1], [-1]] },
    { name: names.keypoints!, shapes: rows(2) },
    { name: names.descriptors, shapes: rows(dim) },
    ...globalExpected(manifest),
  ]);
  return {
    keypoints: numbers(outputs, names.keypoints!),
    scores: numbers(outputs, names.scores),
    descriptors: numbers(outputs, names.descriptors),
    dim,
    global: readGlobal(manifest, outputs),
  };
}

/** Keypoints out of a dense-v1 network's maps, by the keypoint graph.
 * @throws PosestreamError E_MODEL_CONTRACT, E_MODEL_NONFINITE, E_ENGINE */
export async function readDense(
  manifest: ModelManifest,
  outputs: Outputs,
  keypointGraph: Session,
  { sizePx: [widthPx, heightPx], pictureSizePx }: InputPlan,
  maxKeypoints: number,
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
  checkTensors(outputs, [
    { name: names.scores, shapes: [scoreShape] },
    { name: names.descriptors, shapes: [[1, dim, ...cells]] },
    ...(names.reliability ? [{ name: names.reliability, shapes: [[1, 1, -1, -1]] }] : []),
    ...globalExpected(manifest),
  ]);
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
    global: readGlobal(manifest, outputs),
  };
}

function globalExpected({ outputs: names, global }: ModelManifest): Expectation[] {
  return names.global && global ? [{ name: names.global, shapes: [[1, global.dim], [global.dim]] }] : [];
}

function readGlobal({ outputs: names }: ModelManifest, outputs: Outputs): Float32Array | null {
  return names.global ? numbers(outputs, names.global) : null;
}

const numbers = (outputs: Outputs, name: string): Float32Array => outputs[name].data as Float32Array;
