import type { Camera } from '../domain/camera.js';

/** How the ideal image bends. `radial` covers SIMPLE_RADIAL, RADIAL and OPENCV (k1 k2 p1 p2). */
export type Distortion =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'radial';
      readonly k1: number;
      readonly k2: number;
      readonly p1: number;
      readonly p2: number;
      /** Squared radius where the radial curve turns back; nothing beyond it is really seen. */
      readonly maxRadius2: number;
    }
  | {
      readonly kind: 'fisheye';
      readonly k1: number;
      readonly k2: number;
      readonly k3: number;
      readonly k4: number;
      /** Angle off the axis where the curve turns back, rad, at most pi. */
      readonly maxThetaRad: number;
    };

const MAX_NEWTON_STEPS = 30;
const TOLERANCE = 1e-13;

export function distortionOf(camera: Camera): Distortion {
  const p = camera.params;
  switch (camera.model) {
    case 'SIMPLE_PINHOLE':
    case 'PINHOLE':
      return { kind: 'none' };
    case 'SIMPLE_RADIAL':
      return radial(p[3], 0, 0, 0);
    case 'RADIAL':
      return radial(p[3], p[4], 0, 0);
    case 'OPENCV':
      return radial(p[4], p[5], p[6], p[7]);
    case 'OPENCV_FISHEYE':
      return {
        kind: 'fisheye',
        k1: p[4],
        k2: p[5],
        k3: p[6],
        k4: p[7],
        maxThetaRad: turningTheta(p[4], p[5], p[6], p[7]),
      };
  }
}

function radial(k1: number, k2: number, p1: number, p2: number): Distortion {
  return { kind: 'radial', k1, k2, p1, p2, maxRadius2: turningRadius2(k1, k2) };
}

/** First positive root s of 1 + 3 k1 s + 5 k2 s^2, the slope of the radial curve. */
function turningRadius2(k1: number, k2: number): number {
  const a = 5 * k2;
  const b = 3 * k1;
  if (a === 0) return b < 0 ? -1 / b : Number.POSITIVE_INFINITY;
  const discriminant = b * b - 4 * a;
  if (discriminant < 0) return Number.POSITIVE_INFINITY;
  const q = -0.5 * (b + (b < 0 ? -1 : 1) * Math.sqrt(discriminant));
  const roots = [q / a, 1 / q].filter((s) => s > 0);
  return roots.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...roots);
}

function turningTheta(k1: number, k2: number, k3: number, k4: number): number {
  const steps = 1024;
  for (let i = 1; i <= steps; i++) {
    const theta = (Math.PI * i) / steps;
    if (fisheyeSlope(theta * theta, k1, k2, k3, k4) <= 0) return (Math.PI * (i - 1)) / steps;
  }
  return Math.PI;
}

function fisheyeSlope(t2: number, k1: number, k2: number, k3: number, k4: number): number {
  return 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)));
}

/** Bends an ideal image point (x/z, y/z).
 * @param out [6], written: xd, yd, dxd/dx, dxd/dy, dyd/dx, dyd/dy
 * @returns false beyond the radius where the model turns back (out then holds nothing of use).
 * Source: Brown 1971, in OpenCV's parametrisation. */
export function distort(d: Distortion, x: number, y: number, out: Float64Array): boolean {
  if (d.kind !== 'radial') {
    out[0] = x;
    out[1] = y;
    out[2] = 1;
    out[3] = 0;
    out[4] = 0;
    out[5] = 1;
    return d.kind === 'none';
  }
  const { k1, k2, p1, p2 } = d;
  const r2 = x * x + y * y;
  const gain = 1 + r2 * (k1 + r2 * k2);
  const slope = 2 * (k1 + 2 * k2 * r2);
  const xy = x * y;
  out[0] = x * gain + 2 * p1 * xy + p2 * (r2 + 2 * x * x);
  out[1] = y * gain + 2 * p2 * xy + p1 * (r2 + 2 * y * y);
  out[2] = gain + slope * x * x + 2 * p1 * y + 6 * p2 * x;
  out[3] = slope * xy + 2 * p1 * x + 2 * p2 * y;
  out[4] = out[3];
  out[5] = gain + slope * y * y + 2 * p2 * x + 6 * p1 * y;
  return r2 < d.maxRadius2;
}

/** Inverse of `distort` by damped Newton steps with the analytic Jacobian.
 * @param out [6], written: x, y in the first two; the rest is scratch.   @returns false where it did not converge. */
export function undistort(d: Distortion, xd: number, yd: number, out: Float64Array): boolean {
  if (d.kind !== 'radial') {
    out[0] = xd;
    out[1] = yd;
    return d.kind === 'none';
  }
  const start2 = xd * xd + yd * yd;
  const shrink = start2 < d.maxRadius2 ? 1 : Math.sqrt((0.9 * d.maxRadius2) / start2);
  let x = xd * shrink;
  let y = yd * shrink;
  for (let step = 0; step < MAX_NEWTON_STEPS; step++) {
    if (!distort(d, x, y, out)) return false;
    const ex = out[0] - xd;
    const ey = out[1] - yd;
    const scale = 1 + Math.abs(xd) + Math.abs(yd);
    const isDone = Math.abs(ex) + Math.abs(ey) < TOLERANCE * scale;
    if (isDone) {
      out[0] = x;
      out[1] = y;
      return true;
    }
    const det = out[2] * out[5] - out[3] * out[4];
    if (!(Math.abs(det) > 1e-12)) return false;
    let dx = (out[5] * ex - out[3] * ey) / det;
    let dy = (out[2] * ey - out[4] * ex) / det;
    for (let half = 0; half < 20; half++) {
      const r2 = (x - dx) * (x - dx) + (y - dy) * (y - dy);
      if (r2 < d.maxRadius2) break;
      dx *= 0.5;
      dy *= 0.5;
    }
    x -= dx;
    y -= dy;
  }
  return false;
}

/** Bent angle of an angle off the axis, rad. Source: Kannala and Brandt 2006, in OpenCV's parametrisation. */
export function fisheyeAngle(d: Distortion & { kind: 'fisheye' }, thetaRad: number): number {
  const t2 = thetaRad * thetaRad;
  return thetaRad * (1 + t2 * (d.k1 + t2 * (d.k2 + t2 * (d.k3 + t2 * d.k4))));
}

/** d(bent angle)/d(angle). */
export function fisheyeAngleSlope(d: Distortion & { kind: 'fisheye' }, thetaRad: number): number {
  return fisheyeSlope(thetaRad * thetaRad, d.k1, d.k2, d.k3, d.k4);
}

/** Inverse of `fisheyeAngle`: Newton kept inside a shrinking bracket. NaN beyond the model's widest angle. */
export function fisheyeTheta(d: Distortion & { kind: 'fisheye' }, bentRad: number): number {
  let low = 0;
  let high = d.maxThetaRad;
  if (!(bentRad <= fisheyeAngle(d, high))) return Number.NaN;
  let theta = Math.min(bentRad, high);
  for (let step = 0; step < 60; step++) {
    const error = fisheyeAngle(d, theta) - bentRad;
    if (Math.abs(error) < 1e-15 * (1 + bentRad) || high - low < 1e-15) return theta;
    if (error > 0) high = theta;
    else low = theta;
    const newton = theta - error / fisheyeAngleSlope(d, theta);
    theta = newton > low && newton < high ? newton : 0.5 * (low + high);
  }
  return theta;
}
