import { Tensor } from 'onnxruntime-node';
import { PosestreamError } from '../domain/errors.js';
import type { ExtractOptions, Features, GrayImage } from '../domain/features.js';
import { denseGraph } from './denseGraph.js';
import { type ToFramePx, toFramePx } from './framePixels.js';
import { byteTables, fillImage, fitImage, type InputPlan, planInput, type Size } from './imageTensor.js';
import type { ModelManifest } from './manifest.js';
import { loadModel } from './modelFile.js';
import { checkPorts, fixedSize, limitDims } from './ports.js';
import { readDense, readSparse } from './readOutputs.js';
import { type RawFeatures, selectKeypoints } from './selectKeypoints.js';
import { openSession, type Session } from './session.js';

/** The keypoint network with everything that turns its outputs into features. */
export interface Network {
  readonly manifest: ModelManifest;
  extract(image: GrayImage, options: ExtractOptions): Promise<Features>;
  /** What `extract` would choose from. The arrays are onnxruntime's: valid until the next run. */
  inspect(image: GrayImage, options: ExtractOptions): Promise<Inspection>;
  release(): Promise<void>;
}

export interface Inspection {
  readonly raw: RawFeatures;
  readonly toFramePx: ToFramePx;
  /** Pixels of the frame per pixel of the network's input. */
  readonly growth: readonly [x: number, y: number];
  /** Of the padded input, in pixels of the frame. */
  readonly sizePx: Size;
}

/** Input tensors kept for reuse, one per size. */
const KEPT_SIZES = 4;
/** A session that gave NaN this often in a row is opened anew: a failed allocation leaves one unusable. */
const NONFINITE_LIMIT = 3;

interface State {
  readonly manifest: ModelManifest;
  readonly manifestPath: string;
  readonly threads: number;
  session: Session;
  readonly dense: Session | null;
  readonly tables: readonly Float32Array[];
  readonly inputs: Map<string, Float32Array>;
  nonFiniteInARow: number;
}

/** @throws PosestreamError E_MODEL_CORRUPT, E_MODEL_MANIFEST, E_MODEL_CONTRACT, E_FILE_NOT_FOUND */
export async function openNetwork(manifestPath: string, threads: number): Promise<Network> {
  const { manifest, bytes, path } = loadModel(manifestPath);
  const session = await openSession(bytes, threads, path);
  checkPorts(session, manifest, path);
  const state: State = {
    manifest,
    manifestPath,
    threads,
    session,
    dense:
      manifest.kind === 'dense-v1'
        ? await openSession(denseGraph(manifest), threads, 'the keypoint graph')
        : null,
    tables: byteTables(manifest.input),
    inputs: new Map(),
    nonFiniteInARow: 0,
  };
  return {
    manifest,
    extract: (image, options) => extractCounted(state, image, options),
    inspect: (image, options) => inspect(state, image, options),
    release: () => releaseAll(state),
  };
}

async function extractCounted(state: State, image: GrayImage, options: ExtractOptions): Promise<Features> {
  try {
    const features = await extract(state, image, options);
    state.nonFiniteInARow = 0;
    return features;
  } catch (error) {
    if (!(error instanceof PosestreamError) || error.code !== 'E_MODEL_NONFINITE') throw error;
    state.nonFiniteInARow++;
    if (state.nonFiniteInARow >= NONFINITE_LIMIT) await reopen(state);
    throw error;
  }
}

async function reopen(state: State): Promise<void> {
  await state.session.release();
  const { bytes, path } = loadModel(state.manifestPath);
  state.session = await openSession(bytes, state.threads, path);
  state.nonFiniteInARow = 0;
}

async function releaseAll({ session, dense }: State): Promise<void> {
  await session.release();
  await dense?.release();
}

async function extract(state: State, image: GrayImage, options: ExtractOptions): Promise<Features> {
  const { raw, toFramePx, growth } = await inspect(state, image, options);
  return selectKeypoints(raw, {
    toFramePx,
    widthPx: image.widthPx,
    heightPx: image.heightPx,
    minScore: state.dense ? 0 : state.manifest.scores.threshold,
    borderPx: state.manifest.borderPx * growth[0],
    maxKeypoints: options.maxKeypoints,
    normalise: !state.manifest.descriptor.normalised,
    normaliseGlobal: state.manifest.global?.normalised === false,
  });
}

async function inspect(
  state: State,
  image: GrayImage,
  { maxKeypoints }: ExtractOptions,
): Promise<Inspection> {
  const { manifest, session } = state;
  const plan = planInput(image, manifest.input.padTo, fixedSize(session, manifest));
  const picture = fitImage(image, plan.pictureSizePx);
  const outputs = await session.run(feeds(state, picture, plan.sizePx, maxKeypoints));
  const raw = state.dense
    ? await readDense(manifest, outputs, state.dense, plan, maxKeypoints)
    : readSparse(manifest, outputs);
  const grown = growth(plan, image);
  const [width, height] = plan.sizePx;
  return {
    raw,
    toFramePx: toFramePx(manifest, plan.sizePx, grown),
    growth: grown,
    sizePx: [grown[0] * width, grown[1] * height],
  };
}

/** Pixels of the frame per pixel of the network's input. */
const growth = ({ pictureSizePx: [w, h] }: InputPlan, { widthPx, heightPx }: GrayImage): Size => [
  widthPx / w,
  heightPx / h,
];

function feeds(state: State, picture: GrayImage, size: Size, maxKeypoints: number): Record<string, Tensor> {
  const { manifest, session, tables } = state;
  const [widthPx, heightPx] = size;
  const data = inputBuffer(state, tables.length * widthPx * heightPx, size.join('x'));
  fillImage(data, picture, size, tables, manifest.input.padMode);
  const out: Record<string, Tensor> = {
    [manifest.inputs.image]: new Tensor('float32', data, [1, tables.length, heightPx, widthPx]),
  };
  const limit = manifest.inputs.maxKeypoints;
  if (limit)
    out[limit] = new Tensor('int64', BigInt64Array.of(BigInt(maxKeypoints)), limitDims(session, limit));
  return out;
}

function inputBuffer({ inputs }: State, length: number, key: string): Float32Array {
  const known = inputs.get(key) ?? new Float32Array(length);
  inputs.delete(key);
  inputs.set(key, known);
  if (inputs.size > KEPT_SIZES) inputs.delete(inputs.keys().next().value!);
  return known;
}
