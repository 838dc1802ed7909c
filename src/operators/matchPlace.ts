import { concatMap, type OperatorFunction } from 'rxjs';
import type { NearestTwo } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import type { Correspondences, Place } from '../domain/place.js';
import { NO_MATCHES, roomForMatches } from './correspondences.js';
import { type Localizer, MAP_DESCRIPTORS, type Query } from './localizer.js';

export interface MatchedPlace {
  readonly place: Place;
  readonly correspondences: Correspondences;
}

/** Place in, 2D-3D correspondences out: every observation of the place's keyframes against every keypoint, nearest two
 * by one Gemm + TopK in the engine (HF-Net, section 3.2). The next place is matched only when asked for. */
export function matchPlace(localizer: Localizer, query: Query): OperatorFunction<Place, MatchedPlace> {
  const { engine, map, options } = localizer;
  return concatMap(async (place) => {
    const spans = observationSpans(map, place.keyframes);
    const correspondences = await query.watch.timeAsync('matchMs', async () => {
      const empty = spans.every((row, i) => i % 2 === 0 || row === spans[i - 1]);
      if (empty || query.features.count === 0) return NO_MATCHES;
      const nearest = await engine.match(query.features.descriptors, {
        kind: 'stored',
        id: MAP_DESCRIPTORS,
        spans,
      });
      return toCorrespondences(query.features.xyPx, nearest, place.keyframes, map, options.ratio);
    });
    return { place, correspondences };
  });
}

/** [start, end) rows of the map's observations, keyframe after keyframe. */
export function observationSpans(map: MapModel, keyframes: readonly number[]): Uint32Array {
  const { offsets } = map.observations;
  return Uint32Array.from(keyframes.flatMap((k) => [offsets[k], offsets[k + 1]]));
}

/** Keeps a match if it is mutual or passes the landmark-aware ratio test (the two nearest may be one landmark), one per
 * map point, ordered by ratio so that a sampler may prefer the first.
 * @param xyPx       [n x 2] keypoints of the frame
 * @param keyframes  whose observations, stacked in this order, are the rows of `nearest`
 * @param ratio      largest d1/d2, with d^2 = 2 (1 - dot). Cost O(n log n). */
export function toCorrespondences(
  xyPx: Float32Array,
  nearest: NearestTwo,
  keyframes: readonly number[],
  map: MapModel,
  ratio: number,
): Correspondences {
  const { point, keyframe } = rowOwners(keyframes, map);
  const candidates = pickCandidates(nearest, point, ratio);
  const best = onePerPoint(candidates, nearest, point);
  const n = best.length;
  const out = roomForMatches(n);
  let distinctCount = 0;
  best.forEach(({ query, distinct }, i) => {
    const row = nearest.index[2 * query];
    out.xyPx.set(xyPx.subarray(2 * query, 2 * query + 2), 2 * i);
    out.xyz.set(map.points.xyz.subarray(3 * point[row], 3 * point[row] + 3), 3 * i);
    out.point[i] = point[row];
    out.keyframe[i] = keyframe[row];
    out.distinct[i] = distinct ? 1 : 0;
    if (distinct) distinctCount++;
  });
  return { ...out, distinctCount };
}

interface Candidate {
  readonly query: number;
  /** d1^2 / d2^2, 0 is best; 0.5 for a landmark seen twice whose rival is unknown. */
  readonly ambiguity: number;
  readonly distinct: boolean;
}

const SAME_LANDMARK_AMBIGUITY = 0.5;

function pickCandidates(nearest: NearestTwo, point: Uint32Array, ratio: number): Candidate[] {
  const candidates: Candidate[] = [];
  for (let query = 0; 2 * query < nearest.index.length; query++) {
    const row = nearest.index[2 * query];
    const rival = nearest.index[2 * query + 1];
    const sameLandmark = rival >= 0 && point[rival] === point[row];
    const squared = (1 - nearest.dot[2 * query]) / Math.max(1 - nearest.dot[2 * query + 1], 1e-9);
    const mutual = nearest.refBest[row] === query;
    const unambiguous = sameLandmark || squared <= ratio * ratio;
    if (!mutual && !unambiguous) continue;
    const ambiguity = sameLandmark ? Math.min(squared, SAME_LANDMARK_AMBIGUITY) : squared;
    candidates.push({ query, ambiguity, distinct: mutual && unambiguous });
  }
  return candidates.sort((a, b) => a.ambiguity - b.ambiguity || a.query - b.query);
}

function onePerPoint(candidates: Candidate[], nearest: NearestTwo, point: Uint32Array): Candidate[] {
  const taken = new Set<number>();
  return candidates.filter(({ query }) => {
    const landmark = point[nearest.index[2 * query]];
    if (taken.has(landmark)) return false;
    taken.add(landmark);
    return true;
  });
}

/** Map point and keyframe of every stacked row. */
function rowOwners(keyframes: readonly number[], map: MapModel) {
  const { offsets } = map.observations;
  const rows = keyframes.reduce((sum, k) => sum + offsets[k + 1] - offsets[k], 0);
  const point = new Uint32Array(rows);
  const keyframe = new Uint32Array(rows);
  let row = 0;
  for (const k of keyframes) {
    const end = row + offsets[k + 1] - offsets[k];
    point.set(map.observations.point.subarray(offsets[k], offsets[k + 1]), row);
    keyframe.fill(k, row, end);
    row = end;
  }
  return { point, keyframe };
}
