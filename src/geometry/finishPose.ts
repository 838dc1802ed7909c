import type { Camera } from '../domain/camera.js';
import type { AbsolutePose } from './absolutePose.js';
import type { AbsolutePoseWorkspace } from './absolutePoseWorkspace.js';
import { poseUncertainty } from './covariance.js';
import { type Lens, lensOf, projectWithJacobian } from './projection.js';
import { refinePose } from './refinePose.js';
import { fromMatrix3x4 } from './rigid.js';

const FINAL_ROUNDS = 3;

/** Inliers that the noise is judged from. */
const SCALE_ROWS = 200;

/** Cauchy scale for noise-free input. */
const MIN_SCALE_PX = 0.1;

/** Refinement and inliers by the real projection in turn, until the inliers hardly change (a row at the threshold weighs
 * next to nothing).
 * @param inliers of `ws.best`, in `ws.picked`    @param unitPx what their squared errors, in `ws.squares`, are measured in */
export function finishPose(
  camera: Camera,
  count: number,
  inliers: number,
  unitPx: number,
  iterations: number,
  thresholdPx: number,
  ws: AbsolutePoseWorkspace,
): AbsolutePose | null {
  const lens = lensOf(camera);
  let found = inliers;
  for (let round = 0; round < FINAL_ROUNDS && found >= 4; round++) {
    const scalePx = robustScale(ws, found, round === 0 ? unitPx : 1, thresholdPx);
    const refine = { loss: 'cauchy', scalePx, maxIterations: 10 } as const;
    refinePose(camera, ws.pixels, ws.points, ws.picked, found, ws.best, refine, ws.refine);
    const before = found;
    found = markInliers(lens, count, thresholdPx, ws);
    if (Math.abs(found - before) <= 0.01 * before) break;
  }
  if (found < 4) return null;
  let sum = 0;
  for (let k = 0; k < found; k++) sum += ws.squares[k];
  return {
    camFromWorld: fromMatrix3x4(ws.best),
    matrix: ws.best.slice(),
    inliers: found,
    inlierMask: ws.mask.subarray(0, count),
    rmsPx: Math.sqrt(sum / found),
    cost: count - found + sum / (thresholdPx * thresholdPx),
    iterations,
    ...poseUncertainty(ws.best, ws.refine),
  };
}

/** Inliers of `ws.best` by the real projection: fills mask, picked and squares (px^2). @returns how many */
export function markInliers(
  lens: Lens,
  count: number,
  thresholdPx: number,
  ws: AbsolutePoseWorkspace,
): number {
  const { best: m, points, pixels, mask, picked, squares } = ws;
  const { point, pixel } = ws.refine;
  let inliers = 0;
  for (let i = 0; i < count; i++) {
    const x = points[3 * i];
    const y = points[3 * i + 1];
    const z = points[3 * i + 2];
    point[0] = m[0] * x + m[1] * y + m[2] * z + m[3];
    point[1] = m[4] * x + m[5] * y + m[6] * z + m[7];
    point[2] = m[8] * x + m[9] * y + m[10] * z + m[11];
    projectWithJacobian(lens, point, pixel, null);
    const ex = pixel[0] - pixels[2 * i];
    const ey = pixel[1] - pixels[2 * i + 1];
    const square = ex * ex + ey * ey;
    const isInlier = square < thresholdPx * thresholdPx;
    mask[i] = isInlier ? 1 : 0;
    if (!isInlier) continue;
    picked[inliers] = i;
    squares[inliers++] = square;
  }
  return inliers;
}

/** Cauchy scale at 95 % efficiency for the noise seen, 2.385 sigma. The median of squared errors of 2D normal noise is
 * 2 ln 2 sigma^2; `ws.squares` holds them in units of `unitPx` squared. */
function robustScale(
  ws: AbsolutePoseWorkspace,
  inliers: number,
  unitPx: number,
  thresholdPx: number,
): number {
  const sigma = unitPx * Math.sqrt(selectMiddle(ws.squares, Math.min(inliers, SCALE_ROWS)) / (2 * Math.LN2));
  return Math.min(thresholdPx, Math.max(MIN_SCALE_PX, 2.385 * sigma));
}

/** The middle value of the first `count`, which are partly sorted on the way. Source: Hoare, FIND, 1961. */
function selectMiddle(values: Float64Array, count: number): number {
  const k = count >> 1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}
