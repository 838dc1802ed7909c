import { Tensor } from 'onnxruntime-node';
import { PosestreamError } from '../domain/errors.js';
import type { ExtractOptions, Features, GrayImage } from '../domain/features.js';
import { denseGraph } from './denseGraph.js';
import { dropOutput } from './dropOutput.js';
import { byteTables, fillImage, inputSize } from './imageTensor.js';
import type { ModelManifest } from './manifest.js';
import { loadModel } from './modelFile.js';
import { readDense, readSparse } from './readOutputs.js';
import { type RawFeatures, selectKeypoints, type ToFramePx } from './selectKeypoints.js';
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
  /** Of the padded input. */
  readonly sizePx: readonly [widthPx: number, heightPx: number];
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
  /** Without the global head; opened when first asked for. */
  local: Promise<Session> | null;
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
    local: null,
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
    release: async () => {
      await state.session.release();
      await (await state.local)?.release();
      await state.dense?.release();
    },
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
  await (await state.local)?.release();
  state.local = null;
  const { bytes, path } = loadModel(state.manifestPath);
  state.session = await openSession(bytes, state.threads, path);
  state.nonFiniteInARow = 0;
}

/** The session to run: without the global head where nobody wants it. On our network that saves 9 % of the time at
 * 640 x 480, one thread. */
function sessionFor(state: State, { global = true }: ExtractOptions): Session | Promise<Session> {
  const head = state.manifest.outputs.global;
  if (global || !head) return state.session;
  state.local ??= openLocal(state, head);
  return state.local;
}

function openLocal({ manifestPath, threads }: State, head: string): Promise<Session> {
  const { bytes, path } = loadModel(manifestPath);
  return openSession(dropOutput(bytes, head), threads, path);
}

async function extract(state: State, image: GrayImage, options: ExtractOptions): Promise<Features> {
  const { raw, toFramePx } = await inspect(state, image, options);
  return selectKeypoints(raw, {
    toFramePx,
    widthPx: image.widthPx,
    heightPx: image.heightPx,
    minScore: state.dense ? 0 : state.manifest.scores.threshold,
    borderPx: state.manifest.borderPx,
    maxKeypoints: options.maxKeypoints,
    normalise: !state.manifest.descriptor.normalised,
    normaliseGlobal: state.manifest.global?.normalised === false,
  });
}

async function inspect(state: State, image: GrayImage, options: ExtractOptions): Promise<Inspection> {
  const { manifest } = state;
  const { maxKeypoints, global = true } = options;
  const size = inputSize(image, manifest.input.padTo, fixedSize(state.session, manifest));
  const session = await sessionFor(state, options);
  const outputs = await session.run(feeds(state, image, size, maxKeypoints));
  const raw = state.dense
    ? await readDense(manifest, outputs, state.dense, image, size, { maxKeypoints, global })
    : readSparse(manifest, outputs, global);
  return { raw, toFramePx: toFramePx(manifest, size), sizePx: size };
}

function feeds(
  state: State,
  image: GrayImage,
  size: readonly [number, number],
  maxKeypoints: number,
): Record<string, Tensor> {
  const { manifest, session, tables } = state;
  const [widthPx, heightPx] = size;
  const data = inputBuffer(state, tables.length * widthPx * heightPx, size.join('x'));
  fillImage(data, image, size, tables, manifest.input.padMode);
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

/** Exporters write the limit as a scalar or as a list of one. */
const limitDims = (session: Session, name: string): number[] =>
  portShape(session.inputs, name)?.length === 0 ? [] : [1];

function fixedSize(session: Session, manifest: ModelManifest): readonly [number, number] | null {
  const [heightPx, widthPx] = portShape(session.inputs, manifest.inputs.image)?.slice(2) ?? [];
  return typeof widthPx === 'number' && typeof heightPx === 'number' ? [widthPx, heightPx] : null;
}

function portShape(ports: Session['inputs'], name: string): readonly (number | string)[] | undefined {
  const port = ports.find((p) => p.name === name);
  return port?.isTensor ? port.shape : undefined;
}

/** Pixel centres at .5 are the corner convention already. The keypoint graph of dense networks counts pixels. */
function toFramePx(manifest: ModelManifest, [widthPx, heightPx]: readonly [number, number]): ToFramePx {
  const { offset } = manifest;
  const coordinates = manifest.kind === 'dense-v1' ? 'center-integer' : manifest.coordinates;
  const half = [(widthPx - 1) / 2, (heightPx - 1) / 2] as const;
  const [x, y] = {
    'center-half': [0, 0],
    'center-integer': [0.5, 0.5],
    'minus-one-to-one': [half[0] + 0.5, half[1] + 0.5],
  }[coordinates];
  return {
    scale: coordinates === 'minus-one-to-one' ? half : [1, 1],
    shift: [x + offset.x, y + offset.y],
  };
}

/** Names and fixed sizes are known before the first image: a wrong manifest fails at start, not in the street. */
function checkPorts(session: Session, manifest: ModelManifest, path: string): void {
  const { input } = manifest;
  const inputs = Object.values(manifest.inputs);
  requireNames(path, 'input', inputs, session.inputs);
  requireNames(path, 'output', Object.values(manifest.outputs), session.outputs);
  const unfed = session.inputs.map((p) => p.name).filter((n) => !inputs.includes(n));
  if (unfed.length > 0) throw contract(path, `needs inputs the manifest does not name: ${unfed.join(', ')}.`);
  const image = manifest.inputs.image;
  const channels = portShape(session.inputs, image)?.[1];
  if (typeof channels === 'number' && channels !== input.channels)
    throw contract(path, `"${image}" takes ${channels} channels, the manifest says ${input.channels}.`);
  const fixed = fixedSize(session, manifest)?.join(' x ') ?? 'any size';
  const stated = input.fixedSize ? `${input.fixedSize.width} x ${input.fixedSize.height}` : 'any size';
  if (fixed !== stated)
    throw contract(path, `"${image}" takes ${fixed}, the manifest's fixedSize says ${stated}.`);
}

function requireNames(path: string, what: string, names: readonly string[], ports: Session['inputs']): void {
  const known = ports.map((p) => p.name);
  const missing = names.filter((n) => !known.includes(n));
  if (missing.length > 0)
    throw contract(
      path,
      `has no ${what} ${missing.map((n) => `"${n}"`).join(', ')}; it has ${known.join(', ')}.`,
    );
}

const contract = (path: string, message: string): PosestreamError =>
  new PosestreamError('E_MODEL_CONTRACT', `${path} ${message}`, {
    hint: 'Mend the manifest (tensor names, channels) or export the network again.',
  });
