import type { Lens } from './lens.js';

const MAX_NEWTON_STEPS = 30;
/** Newton squares its error: from here one more step reaches the last digits. */
const LAST_STEP = 1e-6;

/** Bends an ideal image point (x/z, y/z) of a radial lens.
 * @param out [6], written: xd, yd, dxd/dx, dxd/dy, dyd/dx, dyd/dy
 * @returns false beyond the radius where the model turns back (out is then of no use).
 * Source: Brown 1971, in OpenCV's parametrisation. */
function distort(lens: Lens, x: number, y: number, out: Float64Array): boolean {
  const { k1, k2, p1, p2 } = lens;
  const r2 = x * x + y * y;
  const gain = 1 + r2 * (k1 + r2 * k2);
  const slope = 2 * (k1 + 2 * k2 * r2);
  const xy = x * y;
  const mixed = slope * xy + 2 * p1 * x + 2 * p2 * y;
  out[0] = x * gain + 2 * p1 * xy + p2 * (r2 + 2 * x * x);
  out[1] = y * gain + 2 * p2 * xy + p1 * (r2 + 2 * y * y);
  out[2] = gain + slope * x * x + 2 * p1 * y + 6 * p2 * x;
  out[3] = mixed;
  out[4] = mixed;
  out[5] = gain + slope * y * y + 2 * p2 * x + 6 * p1 * y;
  return r2 < lens.limit;
}

/** Inverse of `distort` by Newton steps with the analytic Jacobian, kept inside the radius where the model turns back.
 * @param out [6] xd, yd in, x, y out; the rest is scratch.   @returns false where it did not converge. */
export function undistort(lens: Lens, out: Float64Array): boolean {
  const xd = out[0];
  const yd = out[1];
  const start2 = xd * xd + yd * yd;
  // one fixed-point step ahead of Newton where it stays well inside
  const gain = 1 + start2 * (lens.k1 + start2 * lens.k2);
  const guess2 = start2 / (gain * gain);
  const isInside = gain > 0.5 && guess2 < 0.9 * lens.limit;
  const shrink = isInside ? 1 / gain : start2 < lens.limit ? 1 : Math.sqrt((0.9 * lens.limit) / start2);
  const lastStep = LAST_STEP * (1 + Math.abs(xd) + Math.abs(yd));
  let x = xd * shrink;
  let y = yd * shrink;
  for (let step = 0; step < MAX_NEWTON_STEPS; step++) {
    if (!distort(lens, x, y, out)) return false;
    const ex = out[0] - xd;
    const ey = out[1] - yd;
    const det = out[2] * out[5] - out[3] * out[4];
    if (!(Math.abs(det) > 1e-12)) return false;
    let dx = (out[5] * ex - out[3] * ey) / det;
    let dy = (out[2] * ey - out[4] * ex) / det;
    while ((x - dx) * (x - dx) + (y - dy) * (y - dy) >= lens.limit) {
      dx *= 0.5;
      dy *= 0.5;
    }
    x -= dx;
    y -= dy;
    if (Math.abs(ex) + Math.abs(ey) < lastStep) {
      out[0] = x;
      out[1] = y;
      return true;
    }
  }
  return false;
}

/** Bent angle of an angle off the axis, rad. Source: Kannala and Brandt 2006, in OpenCV's parametrisation. */
export function fisheyeAngle(lens: Lens, thetaRad: number): number {
  const t2 = thetaRad * thetaRad;
  return thetaRad * (1 + t2 * (lens.k1 + t2 * (lens.k2 + t2 * (lens.k3 + t2 * lens.k4))));
}

/** d(bent angle)/d(angle). */
export function fisheyeSlope(lens: Lens, thetaRad: number): number {
  const t2 = thetaRad * thetaRad;
  return 1 + t2 * (3 * lens.k1 + t2 * (5 * lens.k2 + t2 * (7 * lens.k3 + t2 * 9 * lens.k4)));
}

/** Inverse of `fisheyeAngle`: Newton kept inside a shrinking bracket. NaN beyond the model's widest angle. */
export function fisheyeTheta(lens: Lens, bentRad: number): number {
  let low = 0;
  let high = lens.limit;
  if (!(bentRad <= fisheyeAngle(lens, high))) return Number.NaN;
  let theta = Math.min(bentRad, high);
  for (let step = 0; step < 60; step++) {
    const error = fisheyeAngle(lens, theta) - bentRad;
    if (Math.abs(error) < 1e-15 * (1 + bentRad) || high - low < 1e-15) return theta;
    if (error > 0) high = theta;
    else low = theta;
    const newton = theta - error / fisheyeSlope(lens, theta);
    theta = newton > low && newton < high ? newton : 0.5 * (low + high);
  }
  return theta;
}
