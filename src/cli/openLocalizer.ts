import { fileURLToPath } from 'node:url';
import type { Engine } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import { createEngine } from '../hfnet/engine.js';
import { assertMapFitsModel, readMap } from '../map/mapFile.js';
import { createPlaceIndex } from '../map/placeIndex.js';
import {
  DEFAULT_OPTIONS,
  type LocalizeOptions,
  type Localizer,
  MAP_DESCRIPTORS,
} from '../operators/localizer.js';
import { roundRobin, type Turns } from '../operators/turns.js';

/** The network that comes with the package. */
export const DEFAULT_MODEL = fileURLToPath(new URL('../../models/hfnet.json', import.meta.url));

export interface LocalizerSetup {
  readonly mapPath: string;
  readonly modelPath: string;
  readonly threads?: number;
  readonly options?: Partial<LocalizeOptions>;
}

export interface OpenLocalizer extends Localizer {
  readonly close: () => Promise<void>;
}

/** Map and network, checked against each other, with the map's rows where the engine can reach them. */
export async function openLocalizer(setup: LocalizerSetup): Promise<OpenLocalizer> {
  const { engine, map } = await openBoth(setup);
  try {
    const localizer = await localizerOf(map, engine, roundRobin(), setup.options);
    return { ...localizer, close: () => engine.close() };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** The engine's thread loads the network while the map is read here. */
export async function openBoth({ mapPath, modelPath, threads }: LocalizerSetup): Promise<{
  readonly engine: Engine;
  readonly map: MapModel;
}> {
  const starting = createEngine({ manifestPath: modelPath, threads });
  try {
    const map = readMap(mapPath);
    return { engine: await starting, map };
  } catch (error) {
    await starting.then(
      (engine) => engine.close(),
      () => undefined,
    );
    throw error;
  }
}

/** Throws E_MAP_MODEL_MISMATCH, E_ENGINE. */
export async function localizerOf(
  map: MapModel,
  engine: Engine,
  turns: Turns,
  options: Partial<LocalizeOptions> = {},
): Promise<Localizer> {
  assertMapFitsModel(map, engine.model);
  await engine.store(MAP_DESCRIPTORS, map.observations.descriptors, map.observations.dim);
  const places = await createPlaceIndex(map, engine, { kind: 'auto' });
  const nowMs = () => performance.now();
  return { engine, map, places, options: { ...DEFAULT_OPTIONS, ...options }, nowMs, turns };
}
