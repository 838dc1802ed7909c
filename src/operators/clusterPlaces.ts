import { concatMap, from, type OperatorFunction } from 'rxjs';
import type { Covisibility } from '../domain/mapModel.js';
import type { Place } from '../domain/place.js';
import type { Localizer } from './localizer.js';
import type { Priors } from './retrievePlaces.js';

/** Retrieved keyframes in, places out, the largest first (HF-Net, section 3.1). */
export function clusterPlaces({ map, options }: Localizer): OperatorFunction<Priors, Place> {
  return concatMap(({ keyframes }) => from(connectedPlaces(keyframes, map.covisibility, options.minShared)));
}

/** Connected components of `keyframes` under covisibility, by falling size; of equal size the better retrieved first.
 * @param keyframes  ids in retrieval order, kept within each place
 * @param minShared  shared points that make two keyframes neighbours. Cost O(k * neighbours). */
export function connectedPlaces(
  keyframes: readonly number[],
  covisibility: Covisibility,
  minShared: number,
): Place[] {
  const unseen = new Set(keyframes);
  const places: Place[] = [];
  for (const first of keyframes) {
    if (!unseen.delete(first)) continue;
    const component = new Set([first]);
    for (const k of component) {
      for (let e = covisibility.offsets[k]; e < covisibility.offsets[k + 1]; e++) {
        if (covisibility.weight[e] < minShared) continue;
        const neighbour = covisibility.neighbour[e];
        if (unseen.delete(neighbour)) component.add(neighbour);
      }
    }
    places.push({ keyframes: keyframes.filter((k) => component.has(k)), origin: 'retrieved' });
  }
  return places.sort((a, b) => b.keyframes.length - a.keyframes.length);
}
