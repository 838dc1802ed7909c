import { buildCsr, type Csr } from '../../kernels/csr.js';
import { createUnionFind, find, labelSets, union } from '../../kernels/unionFind.js';
import type { KeypointMatches } from './verifyPair.js';

/** Joins matches to tracks, the surest first. A match that would put two keypoints of one keyframe into a track is left
 * out, so that one wrong match cannot glue two points together.
 * @param keyframeOf [N] keyframe of every keypoint
 * @returns rows of two or more keypoints, rising within a row. Cost O(M log M + M * longest track). */
export function buildTracks(matches: readonly KeypointMatches[], keyframeOf: Uint32Array): Csr {
  const sets = createUnionFind(keyframeOf.length);
  const ring = Uint32Array.from(keyframeOf, (_, i) => i);
  const stamp = new Uint32Array(keyframeOf.length === 0 ? 0 : maxOf(keyframeOf) + 1);
  let round = 0;
  const edges = joined(matches);
  for (const edge of strongestFirst(edges)) {
    const [a, b] = [edges.a[edge], edges.b[edge]];
    if (find(sets, a) === find(sets, b)) continue;
    round++;
    walk(ring, a, (i) => {
      stamp[keyframeOf[i]] = round;
      return true;
    });
    if (!walk(ring, b, (i) => stamp[keyframeOf[i]] !== round)) continue;
    union(sets, a, b);
    [ring[a], ring[b]] = [ring[b], ring[a]];
  }
  return tracksOf(sets, keyframeOf.length);
}

function joined(matches: readonly KeypointMatches[]): KeypointMatches {
  const count = matches.reduce((sum, { a }) => sum + a.length, 0);
  const all = { a: new Uint32Array(count), b: new Uint32Array(count), dot: new Float32Array(count) };
  let at = 0;
  for (const { a, b, dot } of matches) {
    all.a.set(a, at);
    all.b.set(b, at);
    all.dot.set(dot, at);
    at += a.length;
  }
  return all;
}

/** Rows by falling cosine; equal ones keep the order of their keypoints. */
function strongestFirst({ a, b, dot }: KeypointMatches): Uint32Array {
  const order = Uint32Array.from(dot, (_, i) => i);
  return order.sort((x, y) => dot[y] - dot[x] || a[x] - a[y] || b[x] - b[y]);
}

/** Visits a track by its ring of successors; false as soon as `visit` says so. */
function walk(ring: Uint32Array, start: number, visit: (item: number) => boolean): boolean {
  let i = start;
  do {
    if (!visit(i)) return false;
    i = ring[i];
  } while (i !== start);
  return true;
}

function tracksOf(sets: ReturnType<typeof createUnionFind>, count: number): Csr {
  const label = new Int32Array(count);
  const rows = labelSets(sets, label);
  const all = buildCsr(label, count, rows);
  const trackOf: number[] = [];
  const items: number[] = [];
  let tracks = 0;
  for (let r = 0; r < rows; r++) {
    if (all.offsets[r + 1] - all.offsets[r] < 2) continue;
    for (let e = all.offsets[r]; e < all.offsets[r + 1]; e++) {
      trackOf.push(tracks);
      items.push(all.items[e]);
    }
    tracks++;
  }
  return buildCsr(trackOf, items.length, tracks, items);
}

function maxOf(values: Uint32Array): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}
