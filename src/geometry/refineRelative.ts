import { updateLeft } from './poseMatrix.js';
import { factorCholesky, solveCholesky } from './symmetric.js';

const hessian = new Float64Array(25);
const gradient = new Float64Array(5);
const delta = new Float64Array(6);
const tangent = new Float64Array(6);
const crossed = new Float64Array(9);
const jacobian = new Float64Array(5);

/** Gauss-Newton on Sampson errors under a Cauchy loss: rotation (3) and the direction of the translation (2). The
 * denominator of Sampson's error is held during a step, as in iteratively reweighted least squares.
 * @param a [n x 3]    @param b [n x 3] unit bearings    @param rows [count] pairs to use    @param scaleRad of the loss
 * @param pose [12] row-major 3x4 bFromA with unit translation, read and overwritten. Allocates nothing. */
export function refineRelative(
  a: Float64Array,
  b: Float64Array,
  rows: Int32Array,
  count: number,
  scaleRad: number,
  iterations: number,
  pose: Float64Array,
): void {
  for (let step = 0; step < iterations; step++) {
    spanTangent(pose);
    accumulate(a, b, rows, count, scaleRad, pose);
    for (let i = 0; i < 25; i += 6) hessian[i] = hessian[i] * (1 + 1e-6) + 1e-15;
    if (!factorCholesky(hessian, 5)) return;
    solveCholesky(hessian, 5, gradient);
    for (let i = 0; i < 3; i++) {
      delta[i] = -gradient[i];
      delta[3 + i] = 0;
    }
    const t = Float64Array.of(pose[3], pose[7], pose[11]);
    updateLeft(pose, delta, pose);
    let square = 0;
    for (let i = 0; i < 3; i++) {
      t[i] -= gradient[3] * tangent[i] + gradient[4] * tangent[3 + i];
      square += t[i] * t[i];
    }
    for (let i = 0; i < 3; i++) pose[4 * i + 3] = t[i] / Math.sqrt(square);
    let size = 0;
    for (let i = 0; i < 5; i++) size += gradient[i] * gradient[i];
    if (size < 1e-20) return;
  }
}

/** Two unit vectors across the translation. */
function spanTangent(pose: Float64Array): void {
  const [x, y, z] = [pose[3], pose[7], pose[11]];
  const [ax, ay, az] = Math.abs(x) < 0.6 ? [1, 0, 0] : [0, 1, 0];
  tangent[0] = y * az - z * ay;
  tangent[1] = z * ax - x * az;
  tangent[2] = x * ay - y * ax;
  const scale = 1 / Math.hypot(tangent[0], tangent[1], tangent[2]);
  for (let i = 0; i < 3; i++) tangent[i] *= scale;
  tangent[3] = y * tangent[2] - z * tangent[1];
  tangent[4] = z * tangent[0] - x * tangent[2];
  tangent[5] = x * tangent[1] - y * tangent[0];
}

/** Residual b . (t x R a) over the length of its gradient; fills hessian and gradient. */
function accumulate(
  a: Float64Array,
  b: Float64Array,
  rows: Int32Array,
  count: number,
  scaleRad: number,
  m: Float64Array,
): void {
  hessian.fill(0);
  gradient.fill(0);
  const [tx, ty, tz] = [m[3], m[7], m[11]];
  for (let k = 0; k < count; k++) {
    const i = 3 * rows[k];
    const x = m[0] * a[i] + m[1] * a[i + 1] + m[2] * a[i + 2];
    const y = m[4] * a[i] + m[5] * a[i + 1] + m[6] * a[i + 2];
    const z = m[8] * a[i] + m[9] * a[i + 1] + m[10] * a[i + 2];
    const bx = b[i];
    const by = b[i + 1];
    const bz = b[i + 2];
    // t x Ra and b x t: the epipolar plane's normals in b's and (turned) a's frame
    crossed[0] = ty * z - tz * y;
    crossed[1] = tz * x - tx * z;
    crossed[2] = tx * y - ty * x;
    crossed[3] = by * tz - bz * ty;
    crossed[4] = bz * tx - bx * tz;
    crossed[5] = bx * ty - by * tx;
    crossed[6] = y * bz - z * by;
    crossed[7] = z * bx - x * bz;
    crossed[8] = x * by - y * bx;
    const c = bx * crossed[0] + by * crossed[1] + bz * crossed[2];
    let square = -2 * c * c;
    for (let j = 0; j < 6; j++) square += crossed[j] * crossed[j];
    if (!(square > 1e-20)) continue;
    const error2 = (c * c) / square;
    const w = 1 / (1 + error2 / (scaleRad * scaleRad)) / square;
    // c = (b x t) . (R a); R a moves by w x Ra
    jacobian[0] = y * crossed[5] - z * crossed[4];
    jacobian[1] = z * crossed[3] - x * crossed[5];
    jacobian[2] = x * crossed[4] - y * crossed[3];
    // c = t . (Ra x b)
    jacobian[3] = tangent[0] * crossed[6] + tangent[1] * crossed[7] + tangent[2] * crossed[8];
    jacobian[4] = tangent[3] * crossed[6] + tangent[4] * crossed[7] + tangent[5] * crossed[8];
    for (let p = 0; p < 5; p++) {
      gradient[p] += w * c * jacobian[p];
      for (let q = 0; q < 5; q++) hessian[5 * p + q] += w * jacobian[p] * jacobian[q];
    }
  }
}
