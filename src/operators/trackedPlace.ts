import type { Place } from '../domain/place.js';
import type { Localizer } from './localizer.js';

/** Neighbours looked at besides the last frame's own keyframe. */
const MAX_NEIGHBOURS = 5;

/** The place of the frame before: its keyframe and those that share most points with it. */
export function trackedPlace({ map }: Localizer, keyframe: number): Place {
  const { offsets, neighbour } = map.covisibility;
  const start = offsets[keyframe];
  const end = Math.min(offsets[keyframe + 1], start + MAX_NEIGHBOURS);
  return { keyframes: [keyframe, ...neighbour.subarray(start, end)], origin: 'tracked' };
}
