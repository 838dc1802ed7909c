import type { Correspondences } from '../domain/place.js';

/** Room for n correspondences, to be filled; `distinctCount` is the caller's to count. */
export const roomForMatches = (n: number): Omit<Correspondences, 'distinctCount'> => ({
  count: n,
  xyPx: new Float64Array(2 * n),
  xyz: new Float64Array(3 * n),
  point: new Uint32Array(n),
  keyframe: new Uint32Array(n),
  distinct: new Uint8Array(n),
});

export const NO_MATCHES: Correspondences = { ...roomForMatches(0), distinctCount: 0 };
