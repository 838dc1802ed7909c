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

/** One Gauss-Newton step of pose and focal length together, from a pose that fits best for the focal length given. Depth
 * that varies tells the two apart; before a wall seen straight on they trade places and sigma grows.
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
  const inverse = freedom > 0 ? invertSymmetric(sums.hessian, SIZE) : null;
  if (inverse === null) return null;
  let step = 0;
  for (let j = 0; j < SIZE; j++) step += inverse[SIZE * (SIZE - 1) + j] * sums.gradient[j];
  const variance = (sums.squares / freedom) * inverse[SIZE * SIZE - 1];
  if (!(variance >= 0) || !Number.isFinite(step)) return null;
  const ratio = Math.exp(Math.min(Math.max(step, -1), 1));
  return { ratio, sigma: ratio * Math.sqrt(variance) };
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
