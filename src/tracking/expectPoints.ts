import {
  createPixelPredictions,
  createPredictScratch,
  type PixelPredictions,
  type PredictOptions,
  type PredictScratch,
  predictPixels,
} from '../geometry/predictPixels.js';
import type { Lens } from '../geometry/projection.js';
import { type GuidedTargets, ROWS_PER_TARGET } from '../kernels/guidedMatch.js';
import { isNearKeypoint, type NearMask } from '../kernels/nearMask.js';
import type { LocalMap } from './localMap.js';
import { nearestViews } from './viewRows.js';

/** Points of a local map the camera should see now. Arrays grow where they are too small. */
export interface ExpectedPoints extends GuidedTargets {
  count: number;
  xyPx: Float32Array;
  radiusPx: Float32Array;
  rows: Int32Array;
  /** [count] number in the local map. */
  point: Int32Array;
  /** [count] the local map's keyframe that saw it most like this. */
  view: Int32Array;
}

export interface ExpectWorkspace {
  readonly predicted: PixelPredictions;
  readonly scratch: PredictScratch;
  readonly centre: Float64Array;
}

export function createExpectedPoints(): ExpectedPoints {
  const [ints, floats] = [new Int32Array(0), new Float32Array(0)];
  return { count: 0, xyPx: floats, radiusPx: floats, rows: ints, point: ints, view: ints };
}

export function createExpectWorkspace(): ExpectWorkspace {
  return {
    predicted: createPixelPredictions(),
    scratch: createPredictScratch(),
    centre: new Float64Array(3),
  };
}

/** Culls a local map to what a predicted camera sees: inside the image, and seen before from a like angle and distance.
 * @param pose [12] row-major 3x4 camFromWorld    @param covariance of `pose`, as in `predictPixels`
 * @param near given: points that no keypoint is near are left out */
export function expectPoints(
  local: LocalMap,
  lens: Lens,
  pose: Float64Array,
  covariance: Float64Array | null,
  options: PredictOptions,
  near: NearMask | null,
  ws: ExpectWorkspace,
  out: ExpectedPoints,
): void {
  const { predicted, centre } = ws;
  predictPixels(lens, local.xyz, local.pointCount, pose, covariance, options, ws.scratch, predicted);
  growTo(out, predicted.count);
  for (let axis = 0; axis < 3; axis++)
    centre[axis] = -(pose[axis] * pose[3] + pose[4 + axis] * pose[7] + pose[8 + axis] * pose[11]);
  let kept = 0;
  for (let i = 0; i < predicted.count; i++) {
    if (near !== null && !isNearKeypoint(near, predicted.xyPx[2 * i], predicted.xyPx[2 * i + 1])) continue;
    const view = nearestViews(local, predicted.row[i], centre, out.rows, ROWS_PER_TARGET * kept);
    if (view < 0) continue;
    out.point[kept] = predicted.row[i];
    out.view[kept] = view;
    out.xyPx[2 * kept] = predicted.xyPx[2 * i];
    out.xyPx[2 * kept + 1] = predicted.xyPx[2 * i + 1];
    out.radiusPx[kept++] = predicted.radiusPx[i];
  }
  out.count = kept;
}

function growTo(out: ExpectedPoints, count: number): void {
  if (out.point.length >= count) return;
  const size = Math.max(count, 2 * out.point.length);
  out.xyPx = new Float32Array(2 * size);
  out.radiusPx = new Float32Array(size);
  out.rows = new Int32Array(ROWS_PER_TARGET * size);
  out.point = new Int32Array(size);
  out.view = new Int32Array(size);
}
