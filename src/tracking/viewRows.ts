import type { LocalMap } from './localMap.js';

/** A point is recognised from within this angle of an earlier view, and at up to so many times its distance or its
 * nearness. */
const MIN_COSINE = 0.5;
const MAX_SCALE = 2.5;
/** What a doubled distance costs beside the cosine between the views. */
const SCALE_COST = 0.25;

/** Observations of a point that were seen most like the camera would see it now, the best two.
 * @param at     point of the local map    @param centre [3] camera centre, world
 * @param out    written at [offset, offset + 2): rows of the local map, -1 for none
 * @returns keyframe of the first, numbered as in the local map; -1 where no view is near enough. Allocates nothing. */
export function nearestViews(
  local: LocalMap,
  at: number,
  centre: Float64Array,
  out: Int32Array,
  offset: number,
): number {
  const { xyz, centres, rows, seenFrom, offsets } = local;
  const x = xyz[3 * at];
  const y = xyz[3 * at + 1];
  const z = xyz[3 * at + 2];
  const cx = centre[0] - x;
  const cy = centre[1] - y;
  const cz = centre[2] - z;
  const distance2 = cx * cx + cy * cy + cz * cz;
  let best = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  let keyframe = -1;
  out[offset] = -1;
  out[offset + 1] = -1;
  for (let r = offsets[at]; r < offsets[at + 1]; r++) {
    const k = 3 * seenFrom[r];
    const kx = centres[k] - x;
    const ky = centres[k + 1] - y;
    const kz = centres[k + 2] - z;
    const length2 = kx * kx + ky * ky + kz * kz;
    const unit = 1 / Math.sqrt(distance2 * length2);
    const cosine = (cx * kx + cy * ky + cz * kz) * unit;
    const scale = (distance2 > length2 ? distance2 : length2) * unit;
    if (!(cosine >= MIN_COSINE && scale <= MAX_SCALE)) continue;
    const likeness = cosine - SCALE_COST * (scale - 1);
    if (likeness > best) {
      second = best;
      best = likeness;
      out[offset + 1] = out[offset];
      out[offset] = rows[r];
      keyframe = seenFrom[r];
    } else if (likeness > second) {
      second = likeness;
      out[offset + 1] = rows[r];
    }
  }
  return keyframe;
}
