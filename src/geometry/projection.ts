import type { Camera } from '../domain/camera.js';
import { fisheyeAngle, fisheyeSlope, fisheyeTheta, undistort } from './distortion.js';
import { LENS_FISHEYE, LENS_RADIAL, type Lens, lensOf } from './lens.js';

export { type Lens, lensOf } from './lens.js';

/** Pixel of a point in the camera's frame (x right, y down, z forward).
 * @param out [2], written; NaN where the point cannot be seen: behind the camera (a fisheye sees past 90 degrees), or
 * beyond the field where the distortion model turns back
 * @returns whether it projects. Pixels outside the image do. */
export function project(camera: Camera, x: number, y: number, z: number, out: Float64Array): boolean {
  const lens = lensOf(camera);
  lens.scratch[0] = x;
  lens.scratch[1] = y;
  lens.scratch[2] = z;
  return projectWithJacobian(lens, lens.scratch, out, null);
}

/** `project` with d(pixel)/d(x, y, z). Takes the point in an array: numbers handed to a function too large to be inlined
 * would each be allocated.
 * @param point [3] camera frame    @param out [2], written    @param jacobian [6] row-major 2x3, written where it projects; null to leave out
 * Source: Brown 1971, in OpenCV's parametrisation, for the radial models. */
export function projectWithJacobian(
  lens: Lens,
  point: Float64Array,
  out: Float64Array,
  jacobian: Float64Array | null,
): boolean {
  if (lens.kind === LENS_FISHEYE) return projectFisheye(lens, point, out, jacobian);
  const x = point[0];
  const y = point[1];
  const z = point[2];
  const iz = 1 / z;
  const u = x * iz;
  const v = y * iz;
  let xd = u;
  let yd = v;
  let xu = 1;
  let mixed = 0;
  let yv = 1;
  let isSeen = z > 0;
  if (lens.kind === LENS_RADIAL) {
    const { k1, k2, p1, p2 } = lens;
    const r2 = u * u + v * v;
    const gain = 1 + r2 * (k1 + r2 * k2);
    const slope = 2 * (k1 + 2 * k2 * r2);
    const uv = u * v;
    xd = u * gain + 2 * p1 * uv + p2 * (r2 + 2 * u * u);
    yd = v * gain + 2 * p2 * uv + p1 * (r2 + 2 * v * v);
    xu = gain + slope * u * u + 2 * p1 * v + 6 * p2 * u;
    mixed = slope * uv + 2 * p1 * u + 2 * p2 * v;
    yv = gain + slope * v * v + 2 * p2 * u + 6 * p1 * v;
    isSeen = isSeen && r2 < lens.limit;
  }
  if (!isSeen) return unseen(out);
  out[0] = lens.fx * xd + lens.cx;
  out[1] = lens.fy * yd + lens.cy;
  if (jacobian !== null) {
    const a = lens.fx * iz;
    const b = lens.fy * iz;
    jacobian[0] = a * xu;
    jacobian[1] = a * mixed;
    jacobian[2] = -a * (xu * u + mixed * v);
    jacobian[3] = b * mixed;
    jacobian[4] = b * yv;
    jacobian[5] = -b * (mixed * u + yv * v);
  }
  return true;
}

function unseen(out: Float64Array): boolean {
  out[0] = Number.NaN;
  out[1] = Number.NaN;
  return false;
}

/** Source: Kannala and Brandt 2006; derivatives ours. Sees past 90 degrees, unlike the planar models. */
function projectFisheye(
  lens: Lens,
  point: Float64Array,
  out: Float64Array,
  jacobian: Float64Array | null,
): boolean {
  const x = point[0];
  const y = point[1];
  const z = point[2];
  const r = Math.sqrt(x * x + y * y);
  const theta = Math.atan2(r, z);
  if (!(theta < lens.limit) || (r === 0 && !(z > 0))) return unseen(out);
  const onAxis = r < 1e-9 * z;
  const gain = onAxis ? 1 / z : fisheyeAngle(lens, theta) / r;
  out[0] = lens.fx * gain * x + lens.cx;
  out[1] = lens.fy * gain * y + lens.cy;
  if (jacobian === null) return true;
  const rho2 = r * r + z * z;
  const slope = fisheyeSlope(lens, theta);
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
  lens.scratch[0] = (xPx - lens.cx) / lens.fx;
  lens.scratch[1] = (yPx - lens.cy) / lens.fy;
  return unprojectScratch(lens, out, offset);
}

/** Bearing of the bent image point in `lens.scratch[0..1]`. */
function unprojectScratch(lens: Lens, out: Float64Array, offset: number): boolean {
  if (lens.kind === LENS_FISHEYE) return unprojectFisheye(lens, out, offset);
  if (lens.kind === LENS_RADIAL && !undistort(lens, lens.scratch)) return fail(out, offset);
  const x = lens.scratch[0];
  const y = lens.scratch[1];
  const inverse = 1 / Math.sqrt(x * x + y * y + 1);
  out[offset] = x * inverse;
  out[offset + 1] = y * inverse;
  out[offset + 2] = inverse;
  return inverse > 0;
}

function unprojectFisheye(lens: Lens, out: Float64Array, offset: number): boolean {
  const xd = lens.scratch[0];
  const yd = lens.scratch[1];
  const bent = Math.sqrt(xd * xd + yd * yd);
  const theta = fisheyeTheta(lens, bent);
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
  const lens = lensOf(camera);
  let failures = 0;
  for (let i = 0; i < count; i++) {
    lens.scratch[0] = (pixels[2 * i] - lens.cx) / lens.fx;
    lens.scratch[1] = (pixels[2 * i + 1] - lens.cy) / lens.fy;
    if (!unprojectScratch(lens, out, 3 * i)) failures++;
  }
  return failures;
}
