import { unprojectAll } from '../../geometry/projection.js';
import { inverse, writeMatrix3x4 } from '../../geometry/rigid.js';
import type { PosedViews } from '../../geometry/triangulate.js';
import type { KeyframeInput } from './options.js';

/** The keyframes as geometry wants them. A keypoint's number counts through all keyframes. */
export interface Views extends PosedViews {
  /** [K + 1] first keypoint of each keyframe. */
  readonly firstKeypoint: Uint32Array;
  /** [N x 3] unit, the camera's frame; NaN where the lens model has no inverse. */
  readonly bearings: Float64Array;
  /** [N x 2] */
  readonly xyPx: Float32Array;
  /** [N] keyframe of each keypoint. */
  readonly keyframeOf: Uint32Array;
}

export function prepareViews(images: readonly KeyframeInput[]): Views {
  const firstKeypoint = new Uint32Array(images.length + 1);
  for (let k = 0; k < images.length; k++) firstKeypoint[k + 1] = firstKeypoint[k] + images[k].features.count;
  const total = firstKeypoint[images.length];
  const bearings = new Float64Array(3 * total);
  const xyPx = new Float32Array(2 * total);
  const keyframeOf = new Uint32Array(total);
  const camFromWorld = new Float64Array(12 * images.length);
  for (const [k, { camera, worldFromCam, features }] of images.entries()) {
    const first = firstKeypoint[k];
    writeMatrix3x4(inverse(worldFromCam), camFromWorld, 12 * k);
    unprojectAll(camera, features.xyPx, features.count, bearings.subarray(3 * first));
    xyPx.set(features.xyPx.subarray(0, 2 * features.count), 2 * first);
    keyframeOf.fill(k, first, first + features.count);
  }
  return {
    cameras: images.map(({ camera }) => camera),
    camFromWorld,
    firstKeypoint,
    bearings,
    xyPx,
    keyframeOf,
  };
}
