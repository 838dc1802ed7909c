import type { Camera } from '../domain/camera.js';
import {
  type Distortion,
  distort,
  distortionOf,
  fisheyeAngle,
  fisheyeAngleSlope,
  fisheyeTheta,
  undistort,
} from './distortion.js';

/** What the loops read of a camera: numbers only, looked up once. */
export interface Lens {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
  readonly distortion: Distortion;
  /** Scratch of `distort`: xd, yd, dxd/dx, dxd/dy, dyd/dx, dyd/dy. */
  readonly scratch: Float64Array;
}

const lenses = new WeakMap<Camera, Lens>();

/** The camera's numbers; computed once per camera object. */
export function lensOf(camera: Camera): Lens {
  const known = lenses.get(camera);
  if (known !== undefined) return known;
  const one = camera.model.startsWith('SIMPLE') || camera.model === 'RADIAL';
  const [fx, second] = camera.params;
  const at = one ? 1 : 2;
  const lens: Lens = {
    fx,
    fy: one ? fx : second,
    cx: camera.params[at],
    cy: camera.params[at + 1],
    distortion: distortionOf(camera),
    scratch: new Float64Array(6),
  };
  lenses.set(camera, lens);
  return lens;
}

/** Pixel of a point in the camera's frame (x right, y down, z forward).
 * @param out [2], written; NaN where the point cannot be seen (z <= 0; a fisheye sees past 90 degrees).
 * @returns whether it projects. */
export function project(camera: Camera, x: number, y: number, z: number, out: Float64Array): boolean {
  return projectWithJacobian(lensOf(camera), x, y, z, out, null);
}

/** `project` with d(pixel)/d(x, y, z).
 * @param out [2], written    @param jacobian [6] row-major 2x3, written; null to leave out */
export function projectWithJacobian(
  lens: Lens,
  x: number,
  y: number,
  z: number,
  out: Float64Array,
  jacobian: Float64Array | null,
): boolean {
  if (lens.distortion.kind === 'fisheye') return projectFisheye(lens, x, y, z, out, jacobian);
  if (!(z > 0)) {
    out[0] = Number.NaN;
    out[1] = Number.NaN;
    return false;
  }
  const iz = 1 / z;
  const u = x * iz;
  const v = y * iz;
  const s = lens.scratch;
  if (!distort(lens.distortion, u, v, s)) {
    out[0] = Number.NaN;
    out[1] = Number.NaN;
    return false;
  }
  out[0] = lens.fx * s[0] + lens.cx;
  out[1] = lens.fy * s[1] + lens.cy;
  if (jacobian === null) return true;
  const a = lens.fx * iz;
  const b = lens.fy * iz;
  jacobian[0] = a * s[2];
  jacobian[1] = a * s[3];
  jacobian[2] = -a * (s[2] * u + s[3] * v);
  jacobian[3] = b * s[4];
  jacobian[4] = b * s[5];
  jacobian[5] = -b * (s[4] * u + s[5] * v);
  return true;
}

/** Source: Kannala and Brandt 2006; derivatives ours. Sees past 90 degrees, unlike the planar models. */
function projectFisheye(
  lens: Lens,
  x: number,
  y: number,
  z: number,
  out: Float64Array,
  jacobian: Float64Array | null,
): boolean {
  const d = lens.distortion as Distortion & { kind: 'fisheye' };
  const r = Math.sqrt(x * x + y * y);
  const theta = Math.atan2(r, z);
  if (!(theta < d.maxThetaRad) || (r === 0 && !(z > 0))) {
    out[0] = Number.NaN;
    out[1] = Number.NaN;
    return false;
  }
  const onAxis = r < 1e-9 * z;
  const gain = onAxis ? 1 / z : fisheyeAngle(d, theta) / r;
  out[0] = lens.fx * gain * x + lens.cx;
  out[1] = lens.fy * gain * y + lens.cy;
  if (jacobian === null) return true;
  const rho2 = r * r + z * z;
  const slope = fisheyeAngleSlope(d, theta);
  // d(gain) = radialPart * (x dx + y dy) + depthPart * dz
  const radialPart = onAxis ? 0 : ((slope * z) / rho2 - gain) / (r * r);
  const depthPart = onAxis ? -1 / (z * z) : -slope / rho2;
  jacobian[0] = lens.fx * (gain + radialPart * x * x);
  jacobian[1] = lens.fx * radialPart * x * y;
  jacobian[2] = lens.fx * depthPart * x;
  jacobian[3] = lens.fy * radialPart * x * y;
  jacobian[4] = lens.fy * (gain + radialPart * y * y);
  jacobian[5] = lens.fy * depthPart * y;
  return true;
}

/** Unit bearing of a pixel, in the camera's frame.
 * @param out written at [offset, offset + 3); NaN where the undistortion did not converge
 * @returns whether it converged */
export function unproject(camera: Camera, xPx: number, yPx: number, out: Float64Array, offset = 0): boolean {
  const lens = lensOf(camera);
  const xd = (xPx - lens.cx) / lens.fx;
  const yd = (yPx - lens.cy) / lens.fy;
  if (lens.distortion.kind === 'fisheye') return unprojectFisheye(lens.distortion, xd, yd, out, offset);
  const s = lens.scratch;
  if (!undistort(lens.distortion, xd, yd, s)) return fail(out, offset);
  const inverse = 1 / Math.sqrt(s[0] * s[0] + s[1] * s[1] + 1);
  out[offset] = s[0] * inverse;
  out[offset + 1] = s[1] * inverse;
  out[offset + 2] = inverse;
  return true;
}

function unprojectFisheye(
  d: Distortion & { kind: 'fisheye' },
  xd: number,
  yd: number,
  out: Float64Array,
  offset: number,
): boolean {
  const bent = Math.sqrt(xd * xd + yd * yd);
  const theta = fisheyeTheta(d, bent);
  if (!Number.isFinite(theta)) return fail(out, offset);
  const scale = bent < 1e-12 ? 1 : Math.sin(theta) / bent;
  out[offset] = xd * scale;
  out[offset + 1] = yd * scale;
  out[offset + 2] = Math.cos(theta);
  return true;
}

function fail(out: Float64Array, offset: number): boolean {
  out[offset] = Number.NaN;
  out[offset + 1] = Number.NaN;
  out[offset + 2] = Number.NaN;
  return false;
}

/** Unit bearings of many pixels.
 * @param pixels [n x 2]    @param out [n x 3], written; NaN rows where the undistortion did not converge
 * @returns how many did not converge */
export function unprojectAll(
  camera: Camera,
  pixels: ArrayLike<number>,
  count: number,
  out: Float64Array,
): number {
  let failures = 0;
  for (let i = 0; i < count; i++)
    if (!unproject(camera, pixels[2 * i], pixels[2 * i + 1], out, 3 * i)) failures++;
  return failures;
}
