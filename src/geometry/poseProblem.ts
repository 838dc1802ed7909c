import { LENS_FISHEYE, LENS_RADIAL, type Lens } from './lens.js';
import { projectWithJacobian } from './projection.js';

/** `cauchy`: s^2 log(1 + e^2/s^2).   `truncated`: min(e^2, s^2).   `squared`: e^2. */
export type Loss = 'cauchy' | 'truncated' | 'squared';

/** How errors are charged. */
export interface LossOptions {
  readonly loss: Loss;
  /** Scale s of the loss, px; not read for `squared`. */
  readonly scalePx: number;
}

/** The problem seen at one pose. */
export interface Linearization {
  /** Row-major 6x6 J^T W J, left perturbation of camFromWorld, rotation then translation. */
  readonly hessian: Float64Array;
  /** [6] J^T W e */
  readonly gradient: Float64Array;
  /** Robust cost, px^2. */
  cost: number;
  /** Sum of weighted squared errors, px^2. */
  weightedSquares: number;
  weights: number;
  /** Sum of squared weights. */
  weights2: number;
  /** Correspondences the camera can see. */
  used: number;
}

/** Room to look at one correspondence. */
export interface RowScratch {
  readonly point: Float64Array;
  readonly pixel: Float64Array;
  readonly jacobian: Float64Array;
}

/** Squared error that stands in for a point the camera cannot see. */
const UNSEEN_PX2 = 1e12;

export function createLinearization(): Linearization {
  return {
    hessian: new Float64Array(36),
    gradient: new Float64Array(6),
    cost: 0,
    weightedSquares: 0,
    weights: 0,
    weights2: 0,
    used: 0,
  };
}

/** Fills `out` with the problem at pose `m`. With d(pixel)/d(point) = [a b c; d e f] and point' = exp(w) point + v the
 * Jacobian's rows are [point x (a, b, c), (a, b, c)] and likewise for d e f. One long loop over local numbers,
 * with the planar cameras' projection (see `projectWithJacobian`) written out in it: kept in arrays, the 27 sums alone cost
 * as much as all the rest, and a call a row an eighth of it. */
export function linearize(
  lens: Lens,
  pixels: Float64Array,
  points: Float64Array,
  indices: Int32Array,
  count: number,
  m: Float64Array,
  options: LossOptions,
  ws: RowScratch,
  out: Linearization,
): void {
  const { point, pixel, jacobian: jac } = ws;
  const { kind, fx, fy, cx, cy, k1, k2, p1, p2, limit } = lens;
  const isCauchy = options.loss === 'cauchy';
  const isTruncated = options.loss === 'truncated';
  const scale2 = isCauchy || isTruncated ? options.scalePx * options.scalePx : 1;
  // sum of log(1 + q) as the log of products: one logarithm a row would cost a quarter of it
  let product = 1;
  let cost = 0;
  let weightedSquares = 0;
  let weights = 0;
  let weights2 = 0;
  let used = 0;
  let h00 = 0;
  let h01 = 0;
  let h02 = 0;
  let h03 = 0;
  let h04 = 0;
  let h05 = 0;
  let h11 = 0;
  let h12 = 0;
  let h13 = 0;
  let h14 = 0;
  let h15 = 0;
  let h22 = 0;
  let h23 = 0;
  let h24 = 0;
  let h25 = 0;
  let h33 = 0;
  let h34 = 0;
  let h35 = 0;
  let h44 = 0;
  let h45 = 0;
  let h55 = 0;
  let g0 = 0;
  let g1 = 0;
  let g2 = 0;
  let g3 = 0;
  let g4 = 0;
  let g5 = 0;
  const m0 = m[0];
  const m1 = m[1];
  const m2 = m[2];
  const m3 = m[3];
  const m4 = m[4];
  const m5 = m[5];
  const m6 = m[6];
  const m7 = m[7];
  const m8 = m[8];
  const m9 = m[9];
  const m10 = m[10];
  const m11 = m[11];
  for (let k = 0; k < count; k++) {
    const i = indices[k];
    const wx = points[3 * i];
    const wy = points[3 * i + 1];
    const wz = points[3 * i + 2];
    const x = m0 * wx + m1 * wy + m2 * wz + m3;
    const y = m4 * wx + m5 * wy + m6 * wz + m7;
    const z = m8 * wx + m9 * wy + m10 * wz + m11;
    let isSeen = z > 0;
    let px = 0;
    let py = 0;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let e = 0;
    let f = 0;
    if (kind === LENS_FISHEYE) {
      point[0] = x;
      point[1] = y;
      point[2] = z;
      isSeen = projectWithJacobian(lens, point, pixel, jac);
      px = pixel[0];
      py = pixel[1];
      a = jac[0];
      b = jac[1];
      c = jac[2];
      d = jac[3];
      e = jac[4];
      f = jac[5];
    } else {
      const iz = 1 / z;
      const u = x * iz;
      const v = y * iz;
      const ax = fx * iz;
      const ay = fy * iz;
      px = u;
      py = v;
      if (kind === LENS_RADIAL) {
        const r2 = u * u + v * v;
        const gain = 1 + r2 * (k1 + r2 * k2);
        const slope = 2 * (k1 + 2 * k2 * r2);
        const uv = u * v;
        const uu = gain + slope * u * u + 2 * p1 * v + 6 * p2 * u;
        const mixed = slope * uv + 2 * p1 * u + 2 * p2 * v;
        const vv = gain + slope * v * v + 2 * p2 * u + 6 * p1 * v;
        px = u * gain + 2 * p1 * uv + p2 * (r2 + 2 * u * u);
        py = v * gain + 2 * p2 * uv + p1 * (r2 + 2 * v * v);
        isSeen = isSeen && r2 < limit;
        a = ax * uu;
        b = ax * mixed;
        c = -ax * (uu * u + mixed * v);
        d = ay * mixed;
        e = ay * vv;
        f = -ay * (mixed * u + vv * v);
      } else {
        a = ax;
        c = -ax * u;
        e = ay;
        f = -ay * v;
      }
      px = fx * px + cx;
      py = fy * py + cy;
    }
    const ex = px - pixels[2 * i];
    const ey = py - pixels[2 * i + 1];
    const square = isSeen ? ex * ex + ey * ey : UNSEEN_PX2;
    let w = 1;
    if (isCauchy) {
      const grown = 1 + square / scale2;
      w = 1 / grown;
      product *= grown;
      if (product > 1e100) {
        cost += scale2 * Math.log(product);
        product = 1;
      }
    } else if (isTruncated && square > scale2) {
      w = 0;
      cost += scale2;
    } else cost += square;
    if (!isSeen || w === 0) continue;
    weightedSquares += w * square;
    weights += w;
    weights2 += w * w;
    used++;
    const r0 = y * c - z * b;
    const r1 = z * a - x * c;
    const r2 = x * b - y * a;
    const s0 = y * f - z * e;
    const s1 = z * d - x * f;
    const s2 = x * e - y * d;
    const wa = w * a;
    const wb = w * b;
    const wc = w * c;
    const wd = w * d;
    const we = w * e;
    const wf = w * f;
    h00 += w * (r0 * r0 + s0 * s0);
    h01 += w * (r0 * r1 + s0 * s1);
    h02 += w * (r0 * r2 + s0 * s2);
    h03 += wa * r0 + wd * s0;
    h04 += wb * r0 + we * s0;
    h05 += wc * r0 + wf * s0;
    h11 += w * (r1 * r1 + s1 * s1);
    h12 += w * (r1 * r2 + s1 * s2);
    h13 += wa * r1 + wd * s1;
    h14 += wb * r1 + we * s1;
    h15 += wc * r1 + wf * s1;
    h22 += w * (r2 * r2 + s2 * s2);
    h23 += wa * r2 + wd * s2;
    h24 += wb * r2 + we * s2;
    h25 += wc * r2 + wf * s2;
    h33 += wa * a + wd * d;
    h34 += wa * b + wd * e;
    h35 += wa * c + wd * f;
    h44 += wb * b + we * e;
    h45 += wb * c + we * f;
    h55 += wc * c + wf * f;
    g0 += w * (r0 * ex + s0 * ey);
    g1 += w * (r1 * ex + s1 * ey);
    g2 += w * (r2 * ex + s2 * ey);
    g3 += wa * ex + wd * ey;
    g4 += wb * ex + we * ey;
    g5 += wc * ex + wf * ey;
  }
  out.cost = cost + scale2 * Math.log(product);
  out.weightedSquares = weightedSquares;
  out.weights = weights;
  out.weights2 = weights2;
  out.used = used;
  const h = out.hessian;
  h[0] = h00;
  h[1] = h01;
  h[2] = h02;
  h[3] = h03;
  h[4] = h04;
  h[5] = h05;
  h[6] = h01;
  h[7] = h11;
  h[8] = h12;
  h[9] = h13;
  h[10] = h14;
  h[11] = h15;
  h[12] = h02;
  h[13] = h12;
  h[14] = h22;
  h[15] = h23;
  h[16] = h24;
  h[17] = h25;
  h[18] = h03;
  h[19] = h13;
  h[20] = h23;
  h[21] = h33;
  h[22] = h34;
  h[23] = h35;
  h[24] = h04;
  h[25] = h14;
  h[26] = h24;
  h[27] = h34;
  h[28] = h44;
  h[29] = h45;
  h[30] = h05;
  h[31] = h15;
  h[32] = h25;
  h[33] = h35;
  h[34] = h45;
  h[35] = h55;
  out.gradient[0] = g0;
  out.gradient[1] = g1;
  out.gradient[2] = g2;
  out.gradient[3] = g3;
  out.gradient[4] = g4;
  out.gradient[5] = g5;
}
