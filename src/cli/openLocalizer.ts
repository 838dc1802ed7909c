import { fileURLToPath } from 'node:url';
import { createEngine } from '../hfnet/engine.js';
import { assertMapFitsModel, readMap } from '../map/mapFile.js';
import { createPlaceIndex } from '../map/placeIndex.js';
import {
  DEFAULT_OPTIONS,
  type LocalizeOptions,
  type Localizer,
  MAP_DESCRIPTORS,
} from '../operators/localizer.js';
import { roundRobin } from '../operators/turns.js';

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
  const map = readMap(setup.mapPath);
  const engine = await createEngine({ manifestPath: setup.modelPath, threads: setup.threads });
  try {
    assertMapFitsModel(map, engine.model);
    await engine.store(MAP_DESCRIPTORS, map.observations.descriptors, map.observations.dim);
    const places = await createPlaceIndex(map, engine, { kind: 'auto' });
    const options = { ...DEFAULT_OPTIONS, ...setup.options };
    const nowMs = () => performance.now();
    return { engine, map, places, options, nowMs, turns: roundRobin(), close: () => engine.close() };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
