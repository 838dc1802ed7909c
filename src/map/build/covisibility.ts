import type { Covisibility } from '../../domain/mapModel.js';

/** Keyframes that share points, heaviest first, ties by number.
 * @param keyframesOfPoint for each point the different keyframes that see it
 * Cost O(sum of squared track lengths). */
export function covisibilityOf(
  keyframes: number,
  keyframesOfPoint: Iterable<ArrayLike<number>>,
): Covisibility {
  const shared = Array.from({ length: keyframes }, () => new Map<number, number>());
  for (const seenBy of keyframesOfPoint)
    for (let i = 0; i < seenBy.length; i++)
      for (let j = 0; j < seenBy.length; j++)
        if (i !== j) shared[seenBy[i]].set(seenBy[j], (shared[seenBy[i]].get(seenBy[j]) ?? 0) + 1);
  const offsets = new Uint32Array(keyframes + 1);
  const rows = shared.map((row) => [...row].sort(([a, x], [b, y]) => y - x || a - b));
  for (const [k, row] of rows.entries()) offsets[k + 1] = offsets[k] + row.length;
  const entries = rows.flat();
  return {
    offsets,
    neighbour: Uint32Array.from(entries, ([neighbour]) => neighbour),
    weight: Uint32Array.from(entries, ([, weight]) => weight),
  };
}
