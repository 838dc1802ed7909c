import type { Camera } from '../domain/camera.js';
import type { FocalScale } from '../domain/outcome.js';
import type { CamFromWorld } from '../domain/rigid.js';
import { lensOf, projectWithJacobian } from './projection.js';
import { writeMatrix3x4 } from './rigid.js';
import { invertSymmetric } from './symmetric.js';

/** Six of the pose, then log f. */
const SIZE = 7;
/** Cauchy at 95 % efficiency. */
const CAUCHY = 2.385;

/** How well a focal length is known beforehand, relative. */
const PRIOR_SIGMA = 0.05;

/** One Gauss-Newton step of pose and focal length together, from a pose that fits best for the focal length given. Depth
 * that varies tells the two apart; before a wall seen straight on they trade places, and the prior holds it.
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
  const sums = accumulate(camera, camFromWorld, pixels, points, mask, count, rmsPx);
  const freedom = 2 * sums.weight - SIZE;
  if (!(freedom > 0)) return null;
  const variancePx2 = sums.squares / freedom;
  sums.hessian[SIZE * SIZE - 1] += variancePx2 / (PRIOR_SIGMA * PRIOR_SIGMA);
  const inverse = invertSymmetric(sums.hessian, SIZE);
  if (inverse === null) return null;
  const step = multiply(inverse, sums.gradient);
  const ratio = Math.exp(step[SIZE - 1]);
  const sigma = ratio * Math.sqrt(variancePx2 * inverse[SIZE * SIZE - 1]);
  const shiftRad = Math.hypot(step[0], step[1], step[2]);
  // The camera's centre is the origin of its own frame.
  const shiftM = Math.hypot(step[3], step[4], step[5]);
  return [ratio, sigma, shiftM, shiftRad].every(Number.isFinite) ? { ratio, sigma, shiftM, shiftRad } : null;
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const out = new Float64Array(SIZE);
  for (let i = 0; i < SIZE; i++) for (let j = 0; j < SIZE; j++) out[i] += matrix[SIZE * i + j] * vector[j];
  return out;
}

interface Sums {
  /** J^T W J, row-major. */
  readonly hessian: Float64Array;
  /** J^T W (seen - projected). */
  readonly gradient: Float64Array;
  weight: number;
  squares: number;
}

function accumulate(
  camera: Camera,
  camFromWorld: CamFromWorld,
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  mask: ArrayLike<number>,
  count: number,
  rmsPx: number,
): Sums {
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
    gradient[i] += weight * row[i] * error;
    for (let j = 0; j < SIZE; j++) hessian[SIZE * i + j] += weight * row[i] * row[j];
  }
}
