import type { WorldFromCam } from '../../domain/rigid.js';
import { rotate, type Vec3 } from '../../geometry/quaternion.js';
import { distanceBetween } from '../../geometry/rigid.js';
import type { BuildTuning } from './options.js';

export interface PairCandidate {
  readonly worldFromCam: WorldFromCam;
  /** Unit; null where the network has no global head. */
  readonly global: Float32Array | null;
}

export type Pair = readonly [number, number];

/** Pairs worth matching, (i, j) with i < j in rising order: every pair of a small set, otherwise for each keyframe its
 * nearest and its most similar ones, among those that look the same way. Distances only rank, so any scale will do.
 * Cost O(K^2 (1 + G)) and one row of memory. */
export function choosePairs(
  keyframes: readonly PairCandidate[],
  tuning: Pick<BuildTuning, 'allPairsUpTo' | 'nearest' | 'similar' | 'maxViewAngleRad'>,
): Pair[] {
  const axes = keyframes.map(({ worldFromCam }) => rotate(worldFromCam.q, [0, 0, 1]));
  const minCosine = Math.cos(tuning.maxViewAngleRad);
  const isSmall = keyframes.length <= tuning.allPairsUpTo;
  const partners = keyframes.map(() => new Set<number>());
  for (let i = 0; i < keyframes.length; i++) {
    const looking = others(keyframes.length, i).filter((j) => dot(axes[i], axes[j]) > minCosine);
    for (const j of isSmall ? looking : ranked(keyframes, axes, i, looking, tuning))
      partners[Math.min(i, j)].add(Math.max(i, j));
  }
  return partners.flatMap((row, i) => [...row].sort((a, b) => a - b).map((j): Pair => [i, j]));
}

function ranked(
  keyframes: readonly PairCandidate[],
  axes: readonly Vec3[],
  i: number,
  candidates: readonly number[],
  tuning: Pick<BuildTuning, 'nearest' | 'similar'>,
): number[] {
  const at = (j: number) => distanceBetween(keyframes[i].worldFromCam, keyframes[j].worldFromCam);
  // A view turned by 30 degrees counts as twice as far: half of it may lie outside the image.
  const far = (j: number) => at(j) * (1 + Math.acos(Math.min(1, dot(axes[i], axes[j]))) / (Math.PI / 6));
  const nearest = smallest(candidates, far, tuning.nearest);
  const own = keyframes[i].global;
  if (own === null) return nearest;
  const unlike = (j: number) => {
    const other = keyframes[j].global;
    return other === null ? 0 : -dot(own, other);
  };
  return [...nearest, ...smallest(candidates, unlike, tuning.similar)];
}

function smallest(items: readonly number[], cost: (item: number) => number, count: number): number[] {
  return items
    .map((item) => ({ item, cost: cost(item) }))
    .sort((a, b) => a.cost - b.cost || a.item - b.item)
    .slice(0, count)
    .map(({ item }) => item);
}

function others(count: number, i: number): number[] {
  return Array.from({ length: count }, (_, j) => j).filter((j) => j !== i);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
