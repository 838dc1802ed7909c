import type { Pair } from '../build/choosePairs.js';

export interface SfmPairRule {
  /** Up to this many images every pair is tried. */
  readonly allPairsUpTo: number;
  /** Partners by global descriptor. */
  readonly similar: number;
  /** Partners that follow in the order of the images. */
  readonly following: number;
}

export const SFM_PAIRS: SfmPairRule = { allPairsUpTo: 40, similar: 20, following: 8 };

/** Pairs of images whose poses are not known, (i, j) with i < j in rising order. */
export function chooseSfmPairs(globals: readonly (Float32Array | null)[], rule: SfmPairRule): Pair[] {
  const count = globals.length;
  const isSmall = count <= rule.allPairsUpTo;
  const partners = globals.map(() => new Set<number>());
  for (let i = 0; i < count; i++) {
    const end = isSmall ? count : Math.min(count, i + 1 + rule.following);
    for (let j = i + 1; j < end; j++) partners[i].add(j);
    if (!isSmall)
      for (const j of mostSimilar(globals, i, rule.similar)) partners[Math.min(i, j)].add(Math.max(i, j));
  }
  return partners.flatMap((row, i) => [...row].sort((a, b) => a - b).map((j): Pair => [i, j]));
}

function mostSimilar(globals: readonly (Float32Array | null)[], i: number, k: number): number[] {
  const own = globals[i];
  if (own === null) return [];
  const likeness = (other: Float32Array | null) =>
    other?.reduce((sum, value, d) => sum + value * own[d], 0) ?? -2;
  return globals
    .map((other, j) => ({ j, score: likeness(other) }))
    .filter(({ j }) => j !== i)
    .sort((a, b) => b.score - a.score || a.j - b.j)
    .slice(0, k)
    .map(({ j }) => j);
}
