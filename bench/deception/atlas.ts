import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildMapFile } from '../../src/cli/buildMapFile.js';
import { PosestreamError } from '../../src/domain/errors.js';
import type { Engine, Features } from '../../src/domain/features.js';
import type { MapModel } from '../../src/domain/mapModel.js';
import { createEngine } from '../../src/hfnet/engine.js';
import { readMap } from '../../src/map/mapFile.js';
import { createPlaceIndex } from '../../src/map/placeIndex.js';
import {
  DEFAULT_OPTIONS,
  type LocalizeOptions,
  type Localizer,
  MAP_DESCRIPTORS,
} from '../../src/operators/localizer.js';
import { MAX_SIDE_PX, type MapSource } from './places.js';

/** As `map build` takes them. */
const MAP_KEYPOINTS = 2000;

/** Many maps behind one network, which looks at each picture once. */
export interface Atlas {
  readonly modelSha: string;
  readonly open: (map: MapSource, options?: Partial<LocalizeOptions>) => Promise<Localizer>;
  /** Lets go of the features of pictures seen so far. */
  readonly forget: () => void;
  readonly close: () => Promise<void>;
}

/** @param cache  folder where maps stay between runs, by network */
export async function openAtlas(modelPath: string, cache: string): Promise<Atlas> {
  const engine = await createEngine({ manifestPath: modelPath });
  const modelSha = engine.model.sha256.slice(0, 12);
  const folder = join(cache, 'maps', modelSha);
  mkdirSync(folder, { recursive: true });
  const seen = new Map<string, Promise<Features>>();
  const opened = new Map<string, Promise<Localizer>>();
  const open = async (source: MapSource) => {
    const side = source.maxSidePx ?? MAX_SIDE_PX;
    const path = join(folder, `${source.name}${side === MAX_SIDE_PX ? '' : ` ${side}`}.map`);
    const map = await readOrBuild(source, path, modelPath);
    const own = behindName(source.name, remembering(engine, seen));
    await own.store(MAP_DESCRIPTORS, map.observations.descriptors, map.observations.dim);
    const places = await createPlaceIndex(map, own, { kind: 'auto' });
    return { engine: own, map, places, options: DEFAULT_OPTIONS, nowMs: () => performance.now() };
  };
  return {
    modelSha,
    open: async (source, options = {}) => {
      const localizer = opened.get(source.name) ?? open(source);
      opened.set(source.name, localizer);
      return { ...(await localizer), options: { ...DEFAULT_OPTIONS, ...options } };
    },
    forget: () => seen.clear(),
    close: () => engine.close(),
  };
}

/** A map of an earlier format is built anew. */
async function readOrBuild(source: MapSource, path: string, modelPath: string): Promise<MapModel> {
  try {
    return readMap(path);
  } catch (error) {
    if (!(error instanceof PosestreamError)) throw error;
    await build(source, path, modelPath);
    return readMap(path);
  }
}

async function build(
  { path, list, every, poses, maxSidePx = MAX_SIDE_PX }: MapSource,
  out: string,
  model: string,
): Promise<void> {
  const options = { out, model, list, every, poses, maxSidePx, keypoints: MAP_KEYPOINTS };
  await buildMapFile(path, options, new AbortController().signal);
}

/** The rows of each map under names of their own. */
function behindName(name: string, engine: Engine): Engine {
  const own = (id: string) => `${name}/${id}`;
  return {
    ...engine,
    match: (query, set) => engine.match(query, set.kind === 'stored' ? { ...set, id: own(set.id) } : set),
    retrieve: (global, id, k) => engine.retrieve(global, own(id), k),
    store: (id, rows, dim) => engine.store(own(id), rows, dim),
  };
}

function remembering(engine: Engine, seen: Map<string, Promise<Features>>): Engine {
  return {
    ...engine,
    extract: (image, options) => {
      const hash = createHash('sha1').update(image.pixels).digest('base64');
      const key = `${hash} ${image.widthPx} ${image.heightPx} ${JSON.stringify(options)}`;
      const features = seen.get(key) ?? engine.extract(image, options);
      seen.set(key, features);
      return features;
    },
  };
}
