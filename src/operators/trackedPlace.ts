import { EMPTY, type Observable, of } from 'rxjs';
import type { Place } from '../domain/place.js';
import type { Track } from '../tracking/track.js';
import type { Localizer } from './localizer.js';

/** Neighbours looked at besides the last frame's own keyframe. */
const MAX_NEIGHBOURS = 5;

/** The temporal prior: while the frame before was posed, its keyframe and those that share most points with it are
 * the first place to look, and retrieval waits. Empty when nothing is tracked. */
export function trackedPlace({ map }: Localizer, track: Track): Observable<Place> {
  if (track.mode === 'lost') return EMPTY;
  const { offsets, neighbour } = map.covisibility;
  const start = offsets[track.keyframe];
  const end = Math.min(offsets[track.keyframe + 1], start + MAX_NEIGHBOURS);
  return of({ keyframes: [track.keyframe, ...neighbour.subarray(start, end)], origin: 'tracked' });
}
