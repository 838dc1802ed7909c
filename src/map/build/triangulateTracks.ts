import { createTriangulateWorkspace, triangulate } from '../../geometry/triangulate.js';
import { buildCsr, type Csr } from '../../kernels/csr.js';
import { type BuildTuning, scaledPx } from './options.js';
import type { Views } from './views.js';

/** Points with the keypoints that support them. */
export interface Points {
  readonly count: number;
  /** [P x 3] */
  readonly xyz: Float64Array;
  /** [P] over the supporting keypoints. */
  readonly errorPx: Float32Array;
  /** Keypoints of each point. */
  readonly keypoints: Csr;
}

/** Every track that makes one well-conditioned point. Keypoints that do not support their track's point are tried
 * once more among themselves, since a wrong match often joins two true tracks. */
export function triangulateTracks(
  views: Views,
  tracks: Csr,
  tuning: Pick<BuildTuning, 'reprojectionPx' | 'minAngleRad'>,
): Points {
  const ws = createTriangulateWorkspace(longestRow(tracks));
  const xyz: number[] = [];
  const errorPx: number[] = [];
  const pointOf: number[] = [];
  const supporters: number[] = [];
  const solve = (keypoints: readonly number[]): number[] => {
    const keyframes = keypoints.map((i) => views.keyframeOf[i]);
    const options = {
      thresholdPx: Math.min(...keyframes.map((k) => scaledPx(tuning.reprojectionPx, views.cameras[k]))),
      minAngleRad: tuning.minAngleRad,
    };
    const pixels = keypoints.flatMap((i) => [views.xyPx[2 * i], views.xyPx[2 * i + 1]]);
    const bearings = keypoints.flatMap((i) => [...views.bearings.subarray(3 * i, 3 * i + 3)]);
    const point = triangulate(views, keyframes, pixels, bearings, keypoints.length, options, ws);
    if (point.inliers < 2) return [];
    for (const [n, keypoint] of keypoints.entries()) {
      if (point.inlierMask[n] === 0) continue;
      pointOf.push(errorPx.length);
      supporters.push(keypoint);
    }
    xyz.push(...point.xyz);
    errorPx.push(point.rmsPx);
    return keypoints.filter((_, n) => point.inlierMask[n] === 0);
  };
  for (let t = 0; t + 1 < tracks.offsets.length; t++) {
    const rest = solve([...tracks.items.subarray(tracks.offsets[t], tracks.offsets[t + 1])]);
    if (rest.length > 1) solve(rest);
  }
  return {
    count: errorPx.length,
    xyz: Float64Array.from(xyz),
    errorPx: Float32Array.from(errorPx),
    keypoints: buildCsr(pointOf, supporters.length, errorPx.length, supporters),
  };
}

function longestRow({ offsets }: Csr): number {
  let longest = 2;
  for (let t = 0; t + 1 < offsets.length; t++) longest = Math.max(longest, offsets[t + 1] - offsets[t]);
  return longest;
}
