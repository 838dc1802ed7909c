import type { Correspondences } from '../domain/place.js';

/** Room for n correspondences, to be filled; `distinctCount` is the caller's to count. */
export function roomForMatches(n: number): Omit<Correspondences, 'distinctCount'> {
  // one piece of memory: five cost four times as much
  const memory = new ArrayBuffer(49 * n);
  return {
    count: n,
    xyPx: new Float64Array(memory, 0, 2 * n),
    xyz: new Float64Array(memory, 16 * n, 3 * n),
    point: new Uint32Array(memory, 40 * n, n),
    keyframe: new Uint32Array(memory, 44 * n, n),
    distinct: new Uint8Array(memory, 48 * n, n),
  };
}

export const NO_MATCHES: Correspondences = { ...roomForMatches(0), distinctCount: 0 };
