import type { Camera } from '../domain/camera.js';

/** Views whose poses are known. */
export interface PosedViews {
  /** [v] one per view. */
  readonly cameras: readonly Camera[];
  /** [v x 12] row-major 3x4 [R | t]. */
  readonly camFromWorld: Float64Array;
}

export interface TriangulateOptions {
  /** Largest reprojection error of an observation that supports the point. */
  readonly thresholdPx: number;
  /** Smallest angle between the two rays that start the point. */
  readonly minAngleRad: number;
  /** Ray pairs tried as a start. Default 60: every pair of up to 11 views. */
  readonly maxPairs?: number;
}

/** **Borrowed** from the workspace until its next use. */
export interface TriangulatedPoint {
  /** World coordinates; NaN where no two rays agree. */
  readonly xyz: Float64Array;
  /** Observations within the threshold, 0 where it failed. */
  inliers: number;
  /** [count] 1 for those. */
  readonly inlierMask: Uint8Array;
  /** Over the inliers, NaN where it failed. */
  rmsPx: number;
  /** Largest angle between two inlier rays, NaN where it failed. */
  angleRad: number;
}

export interface TriangulateWorkspace {
  readonly centres: Float64Array;
  readonly rays: Float64Array;
  readonly trial: Float64Array;
  readonly normal: Float64Array;
  readonly pixel: Float64Array;
  readonly jacobian: Float64Array;
  readonly result: TriangulatedPoint;
  readonly capacity: number;
}

/** @param capacity longest track, in observations */
export function createTriangulateWorkspace(capacity = 256): TriangulateWorkspace {
  return {
    capacity,
    centres: new Float64Array(3 * capacity),
    rays: new Float64Array(3 * capacity),
    trial: new Float64Array(3),
    normal: new Float64Array(9),
    pixel: new Float64Array(2),
    jacobian: new Float64Array(6),
    result: {
      xyz: new Float64Array(3),
      inliers: 0,
      inlierMask: new Uint8Array(capacity),
      rmsPx: Number.NaN,
      angleRad: Number.NaN,
    },
  };
}
