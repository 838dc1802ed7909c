import type { Camera } from '../domain/camera.js';
import type { FocalScale } from '../domain/outcome.js';
import type { CamFromWorld } from '../domain/rigid.js';
import { scaledFocal } from './camera.js';
import { lensOf, projectWithJacobian } from './projection.js';
import { angleBetween, compose, distanceBetween, exp, inverse, writeMatrix3x4 } from './rigid.js';
import { invertSymmetric } from './symmetric.js';

/** Six of the pose, then log f. */
const SIZE = 7;
const LAST = SIZE * SIZE - 1;
/** Cauchy at 95 % efficiency. */
const CAUCHY = 2.385;

/** Holds the estimate where the matches say nothing; wide enough not to hide a lens twice as long, relative. */
const PRIOR_SIGMA = 0.5;
const MAX_STEPS = 5;
/** A step this small, in standard deviations or relative, is the last. */
const SMALL_SIGMAS = 0.5;
const SMALL_STEP = 0.004;

/** Pose and focal length together, robust Gauss-Newton from a pose that fits best for the focal length given. Depth that
 * varies tells the two apart; before a wall seen straight on they trade places, and sigma says so. Most frames of a right
 * focal length need one step.
 * @param pixels [n x 2]    @param points [n x 3] world    @param mask [n] 1 for inliers    @param rmsPx over the inliers
 * @returns null where the matches do not pin it */
export function focalScale(
  camera: Camera,
  camFromWorld: CamFromWorld,
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  mask: ArrayLike<number>,
  count: number,
  rmsPx: number,
): FocalScale | null {
  let [pose, logScale] = [camFromWorld, 0];
  for (let steps = 1; ; steps++) {
    const tried = steps === 1 ? camera : scaledFocal(camera, Math.exp(logScale));
    const seen = { camera: tried, pixels, points, mask, count, rmsPx };
    const found = gaussNewton(seen, pose, logScale);
    if (found === null) return null;
    logScale += found.step[SIZE - 1];
    pose = compose(exp<'cam', 'cam'>([...found.step.subarray(0, SIZE - 1)]), pose);
    if (steps === MAX_STEPS || isSmall(found))
      return inWords(Math.exp(logScale), found.sigma, camFromWorld, pose);
  }
}

const isSmall = ({ step, sigma }: Found) =>
  Math.abs(step[SIZE - 1]) < Math.max(SMALL_SIGMAS * sigma, SMALL_STEP);

function inWords(ratio: number, sigma: number, before: CamFromWorld, after: CamFromWorld): FocalScale | null {
  const [there, here] = [inverse(after), inverse(before)];
  const [shiftM, shiftRad] = [distanceBetween(there, here), angleBetween(there, here)];
  const found = { ratio, sigma: ratio * sigma, shiftM, shiftRad };
  return Object.values(found).every(Number.isFinite) ? found : null;
}

interface Seen {
  readonly camera: Camera;
  readonly pixels: ArrayLike<number>;
  readonly points: ArrayLike<number>;
  readonly mask: ArrayLike<number>;
  readonly count: number;
  readonly rmsPx: number;
}

interface Found {
  /** [7] rotation, translation of camFromWorld (left perturbation), log f. */
  readonly step: Float64Array;
  /** Standard deviation of log f. */
  readonly sigma: number;
}

function gaussNewton(seen: Seen, camFromWorld: CamFromWorld, logScale: number): Found | null {
  const sums = accumulate(seen, camFromWorld);
  const freedom = 2 * sums.weight - SIZE;
  if (!(freedom > 0)) return null;
  const variancePx2 = sums.squares / freedom;
  const prior = variancePx2 / (PRIOR_SIGMA * PRIOR_SIGMA);
  sums.hessian[LAST] += prior;
  sums.gradient[SIZE - 1] -= prior * logScale;
  const covariance = invertSymmetric(sums.hessian, SIZE);
  if (covariance === null) return null;
  return { step: multiply(covariance, sums.gradient), sigma: Math.sqrt(variancePx2 * covariance[LAST]) };
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const out = new Float64Array(SIZE);
  for (let i = 0; i < SIZE; i++) for (let j = 0; j < SIZE; j++) out[i] += matrix[SIZE * i + j] * vector[j];
  return out;
}

interface Sums {
  /** J^T W J, row-major, the lower triangle. */
  readonly hessian: Float64Array;
  /** J^T W (seen - projected). */
  readonly gradient: Float64Array;
  weight: number;
  squares: number;
}

function accumulate({ camera, pixels, points, mask, count, rmsPx }: Seen, camFromWorld: CamFromWorld): Sums {
  const lens = lensOf(camera);
  const m = writeMatrix3x4(camFromWorld, new Float64Array(12));
  const [point, at, jacobian] = [new Float64Array(3), new Float64Array(2), new Float64Array(6)];
  const scale2 = Math.max((CAUCHY * CAUCHY * rmsPx * rmsPx) / 2, 1e-6);
  const sums: Sums = {
    hessian: new Float64Array(SIZE * SIZE),
    gradient: new Float64Array(SIZE),
    weight: 0,
    squares: 0,
  };
  const row = new Float64Array(SIZE);
  for (let i = 0; i < count; i++) {
    if (mask[i] !== 1) continue;
    for (let k = 0; k < 3; k++)
      point[k] =
        m[4 * k] * points[3 * i] +
        m[4 * k + 1] * points[3 * i + 1] +
        m[4 * k + 2] * points[3 * i + 2] +
        m[4 * k + 3];
    if (!projectWithJacobian(lens, point, at, jacobian)) continue;
    const [ex, ey] = [pixels[2 * i] - at[0], pixels[2 * i + 1] - at[1]];
    const weight = 1 / (1 + (ex * ex + ey * ey) / scale2);
    sums.weight += weight;
    sums.squares += weight * (ex * ex + ey * ey);
    fillRow(row, jacobian, 0, point, at[0] - lens.cx);
    addRow(sums, row, ex, weight);
    fillRow(row, jacobian, 3, point, at[1] - lens.cy);
    addRow(sums, row, ey, weight);
  }
  return sums;
}

/** One pixel coordinate by rotation (of the point about the camera), translation and log f. */
function fillRow(
  row: Float64Array,
  jacobian: Float64Array,
  from: number,
  point: Float64Array,
  off: number,
): void {
  const [a, b, c] = [jacobian[from], jacobian[from + 1], jacobian[from + 2]];
  const [x, y, z] = point;
  row[0] = c * y - b * z;
  row[1] = a * z - c * x;
  row[2] = b * x - a * y;
  row[3] = a;
  row[4] = b;
  row[5] = c;
  row[6] = off;
}

function addRow({ hessian, gradient }: Sums, row: Float64Array, error: number, weight: number): void {
  for (let i = 0; i < SIZE; i++) {
    const weighted = weight * row[i];
    gradient[i] += weighted * error;
    for (let j = 0; j <= i; j++) hessian[SIZE * i + j] += weighted * row[j];
  }
}
