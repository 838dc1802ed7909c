import { concatMap, type OperatorFunction } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Localizer, Query } from './localizer.js';

/** Keyframes that look like the query, best first. */
export interface Priors {
  readonly keyframes: readonly number[];
}

/** Global descriptor in, the k most similar keyframes out (Sarlin et al., HF-Net, CVPR 2019, section 3.1).
 * A map without global descriptors gives every keyframe: it was built for a network without a global head by a version
 * that had nothing to stand in. Throws E_INTERNAL where the map has them and the network gives none. */
export function retrievePlaces({ places, map, options }: Localizer): OperatorFunction<Query, Priors> {
  return concatMap(async ({ features, watch }) => {
    const { count, globalDim } = map.keyframes;
    if (globalDim === 0) return { keyframes: Array.from({ length: count }, (_, k) => k) };
    const found = await watch.timeAsync('retrieveMs', async () => {
      const global = await places.describe(features);
      if (global === null)
        throw new PosestreamError('E_INTERNAL', 'Retrieval came to features without a global descriptor.');
      return places.search(global, options.retrieved);
    });
    return { keyframes: [...found.ids] };
  });
}
