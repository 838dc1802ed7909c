import type { Camera } from '../domain/camera.js';
import type { Features } from '../domain/features.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { unprojectAll } from '../geometry/projection.js';
import { roundRows } from '../kernels/roundRows.js';

/** What a frame leaves for the motion to the next: its best keypoints, and how far off some of them are. */
export interface Snapshot {
  readonly camera: Camera;
  readonly count: number;
  /** [n x 2] pixels of the frame. */
  readonly xyPx: Float32Array;
  /** [n x 3] unit rays in the camera's frame; NaN where the lens cannot be undone. */
  readonly bearings: Float64Array;
  /** [n x dim at least] unit rows x 127. */
  readonly descriptors: Int8Array;
  readonly dim: number;
  /** [n] distance from the camera along the ray; NaN where unknown. */
  readonly ranges: Float64Array;
}

/** Keypoints that take part: a motion is well known from a few hundred. */
const MAX_KEYPOINTS = 500;

/** A snapshot of which no distance is known yet. @param features  of the picture as it came, best first */
export function takeSnapshot(camera: Camera, features: Features): Snapshot {
  const count = Math.min(features.count, MAX_KEYPOINTS);
  const { dim } = features;
  const bearings = new Float64Array(3 * count);
  unprojectAll(camera, features.xyPx, count, bearings);
  const descriptors = roundRows(features.descriptors);
  const ranges = new Float64Array(count).fill(Number.NaN);
  return { camera, count, xyPx: features.xyPx.slice(0, 2 * count), bearings, descriptors, dim, ranges };
}

/** Distances of map points that keypoints of the frame were found to be, as seen from `worldFromCam`.
 * @param xyPx   [n x 2] pixels exactly as extracted    @param xyz [n x 3] world
 * @param mask   [n] 1 for those that count; all where absent */
export function setMapRanges(
  snapshot: Snapshot,
  worldFromCam: WorldFromCam,
  xyPx: ArrayLike<number>,
  xyz: ArrayLike<number>,
  mask?: Uint8Array,
): void {
  const [x, y, z] = worldFromCam.t;
  const rows = rowsByPixel(snapshot);
  for (let i = 0; 2 * i < xyPx.length; i++) {
    if (mask?.[i] === 0) continue;
    const row = rows.get(pixelKey(xyPx[2 * i], xyPx[2 * i + 1]));
    if (row === undefined) continue;
    const dx = xyz[3 * i] - x;
    const dy = xyz[3 * i + 1] - y;
    const dz = xyz[3 * i + 2] - z;
    snapshot.ranges[row] = Math.sqrt(dx * dx + dy * dy + dz * dz);
  }
}

function rowsByPixel({ count, xyPx }: Snapshot): Map<number, number> {
  const rows = new Map<number, number>();
  for (let i = 0; i < count; i++) rows.set(pixelKey(xyPx[2 * i], xyPx[2 * i + 1]), i);
  return rows;
}

/** Tells pixels a thousandth apart, in pictures of up to 4096 columns. */
const pixelKey = (x: number, y: number) => Math.round(x * 1024) * 2 ** 31 + Math.round(y * 1024);
