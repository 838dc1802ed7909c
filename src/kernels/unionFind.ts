/** Disjoint sets over 0..n-1. `parent[i]` is negative at a root: minus its size. */
export interface UnionFind {
  readonly parent: Int32Array;
}

export function createUnionFind(count: number): UnionFind {
  return { parent: new Int32Array(count).fill(-1) };
}

/** The set's root; halves the path on the way. Source: Tarjan and van Leeuwen, 1984. */
export function find({ parent }: UnionFind, item: number): number {
  let i = item;
  while (parent[i] >= 0) {
    const up = parent[i];
    if (parent[up] >= 0) parent[i] = parent[up];
    i = up;
  }
  return i;
}

/** Joins two sets, the smaller below the larger; ties keep the lower root. @returns false where they were one already. */
export function union(sets: UnionFind, a: number, b: number): boolean {
  const { parent } = sets;
  let keep = find(sets, a);
  let drop = find(sets, b);
  if (keep === drop) return false;
  const isLarger = parent[drop] < parent[keep] || (parent[drop] === parent[keep] && drop < keep);
  if (isLarger) [keep, drop] = [drop, keep];
  parent[keep] += parent[drop];
  parent[drop] = keep;
  return true;
}

/** Labels 0.. in order of each set's lowest member.
 * @param out [n], written    @returns how many sets */
export function labelSets(sets: UnionFind, out: Int32Array): number {
  const n = sets.parent.length;
  const labelOfRoot = new Int32Array(n).fill(-1);
  let labels = 0;
  for (let i = 0; i < n; i++) {
    const root = find(sets, i);
    if (labelOfRoot[root] < 0) labelOfRoot[root] = labels++;
    out[i] = labelOfRoot[root];
  }
  return labels;
}
