import type { Keyframes } from '../src/domain/mapModel.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { angleBetween, distanceBetween, rigid } from '../src/geometry/rigid.js';

const MOST = 10;
const MAX_ANGLE_RAD = Math.PI / 3;

/** Keyframes nearest to the true pose among those that look the same way: what a perfect retrieval would give, so the
 * peer loses nothing for having none. */
export function nearestKeyframes(keyframes: Keyframes, truth: WorldFromCam): number[] {
  const ranked = Array.from({ length: keyframes.count }, (_, k) => {
    const [tx, ty, tz, qx, qy, qz, qw] = keyframes.worldFromCam.subarray(7 * k, 7 * k + 7);
    const pose = rigid<'world', 'cam'>([qx, qy, qz, qw], [tx, ty, tz]);
    return { k, m: distanceBetween(pose, truth), isAlike: angleBetween(pose, truth) < MAX_ANGLE_RAD };
  });
  return ranked
    .sort((a, b) => Number(b.isAlike) - Number(a.isAlike) || a.m - b.m)
    .slice(0, MOST)
    .map(({ k }) => k);
}
