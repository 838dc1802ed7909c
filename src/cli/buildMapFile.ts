import { statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { Engine } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import { createEngine } from '../hfnet/engine.js';
import { buildMap } from '../map/build/buildMap.js';
import type { KeyframeInput, Match } from '../map/build/options.js';
import { describeMap, mapInWords } from '../map/describe.js';
import { writeMap } from '../map/mapFile.js';
import { createKeyframeSelector } from '../map/selectKeyframes.js';
import { type MapInput, type MapInputOptions, openMapInput } from './mapInput.js';
import { type Progress, say, startProgress } from './terminal.js';
import { packageVersion } from './version.js';
import { assertWritable } from './writable.js';

export interface BuildMapOptions extends MapInputOptions {
  readonly out: string;
  readonly model: string;
  readonly name?: string;
  readonly threads?: number;
  readonly keypoints: number;
  /** Of a dense video, take every n-th frame; default: by motion. */
  readonly every?: number;
  readonly anchor?: MapModel['header']['anchor'];
}

/** Input → keyframes → features → map file, with progress. Nothing is written when interrupted. */
export async function buildMapFile(
  path: string,
  options: BuildMapOptions,
  signal: AbortSignal,
): Promise<void> {
  assertWritable(options.out);
  const input = await openMapInput(path, { ...options, signal });
  say(`${path}: ${input.what}`);
  const engine = await createEngine({ manifestPath: options.model, threads: options.threads });
  try {
    const images = await extractKeyframes(input, engine, options);
    if (signal.aborted) return;
    const name = nameOf(path, options);
    await writeKeyframes(images, { engine, scale: input.scale, name }, options, signal);
  } finally {
    await engine.close();
  }
}

export const nameOf = (path: string, { name }: BuildMapOptions) => name ?? basename(path, extname(path));

async function extractKeyframes(
  input: MapInput,
  engine: Engine,
  options: BuildMapOptions,
): Promise<KeyframeInput[]> {
  const progress = startProgress('Extracting features', input.total ?? 0);
  const choose = options.every === undefined ? input.motion : { every: options.every };
  const isKeyframe = choose === null ? () => true : createKeyframeSelector(choose);
  const images: KeyframeInput[] = [];
  let seen = 0;
  try {
    for await (const frame of input.frames) {
      progress.update(++seen, `${images.length} keyframes`);
      const worldFromCam = input.poseOf(frame);
      if (worldFromCam === null || !isKeyframe(worldFromCam)) {
        frame.release();
        continue;
      }
      const { camera, pixels, timestampS } = frame;
      const extraction = engine.extract(
        { pixels, widthPx: camera.widthPx, heightPx: camera.heightPx },
        { maxKeypoints: options.keypoints },
      );
      frame.release();
      const features = await extraction;
      images.push({ name: input.nameOf(frame), timeS: timestampS, camera, worldFromCam, features });
    }
  } finally {
    progress.stop();
  }
  return images;
}

export const matcherOf =
  (engine: Engine): Match =>
  (query, ref) =>
    engine.match(query, { kind: 'inline', rows: ref, dim: engine.model.descriptorDim });

interface MapIdentity {
  readonly engine: Engine;
  readonly scale: MapModel['header']['scale'];
  readonly name: string;
}

/** Triangulates the keyframes, writes the map and says what came out. */
export async function writeKeyframes(
  images: readonly KeyframeInput[],
  identity: MapIdentity,
  options: BuildMapOptions,
  signal: AbortSignal,
): Promise<void> {
  const map = await buildWithProgress(images, identity, options, signal);
  if (signal.aborted) return;
  writeMap(options.out, map);
  say(mapInWords(describeMap(map, statSync(options.out).size)));
  say(`wrote ${options.out}`);
}

async function buildWithProgress(
  images: readonly KeyframeInput[],
  { engine, scale, name }: MapIdentity,
  { maxSidePx, anchor = null }: BuildMapOptions,
  signal: AbortSignal,
): Promise<MapModel> {
  const match = matcherOf(engine);
  let bar: Progress | null = null;
  try {
    return await buildMap({
      images,
      match: (query, ref) => {
        signal.throwIfAborted();
        return match(query, ref);
      },
      assign: engine.assign,
      options: {
        name,
        builtWith: `posestream ${packageVersion()}`,
        model: engine.model,
        scale,
        maxSidePx,
        anchor,
      },
      onProgress: ({ stage, done, total }) => {
        if (stage !== 'match') return;
        bar ??= startProgress('Matching pairs', total);
        bar.update(done);
      },
    });
  } finally {
    (bar as Progress | null)?.stop();
  }
}
