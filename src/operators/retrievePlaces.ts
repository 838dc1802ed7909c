import { concatMap, type OperatorFunction } from 'rxjs';
import type { Localizer, Query } from './localizer.js';

/** Keyframes that look like the query, best first. */
export interface Priors {
  readonly keyframes: readonly number[];
}

/** Global descriptor in, the k most similar keyframes out (Sarlin et al., HF-Net, CVPR 2019, section 3.1).
 * A network without a global head retrieves every keyframe: right for small maps, slow for large ones. */
export function retrievePlaces({ places, map, options }: Localizer): OperatorFunction<Query, Priors> {
  return concatMap(async ({ features, watch }) => {
    const { global } = features;
    if (global === null || map.keyframes.globalDim === 0)
      return { keyframes: allKeyframes(map.keyframes.count) };
    const found = await watch.timeAsync('retrieveMs', () => places.search(global, options.retrieved));
    return { keyframes: [...found.ids] };
  });
}

const allKeyframes = (count: number) => Array.from({ length: count }, (_, k) => k);
