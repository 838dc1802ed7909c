import { fisheyeAngle, fisheyeSlope } from './distortion.js';
import { LENS_FISHEYE, LENS_RADIAL, type Lens } from './lens.js';

/** Pixels squared per steradian where a unit bearing meets the image: what a small solid angle covers there.
 * Planar models: f^2 times the distortion's determinant over cos^3 of the angle off the axis; fisheye: f^2 times the slope
 * of the bent angle times bent angle over sine.
 * @param bearings unit, z > 0 for planar models, row at `at` */
export function areaScale(lens: Lens, bearings: Float64Array, at: number): number {
  const x = bearings[at];
  const y = bearings[at + 1];
  const z = bearings[at + 2];
  const focal2 = lens.fx * lens.fy;
  if (lens.kind === LENS_FISHEYE) {
    const sine = Math.sqrt(x * x + y * y);
    const theta = Math.atan2(sine, z);
    const stretch = sine < 1e-9 ? 1 : fisheyeAngle(lens, theta) / sine;
    return focal2 * fisheyeSlope(lens, theta) * stretch;
  }
  const plain = focal2 / (z * z * z);
  if (lens.kind !== LENS_RADIAL) return plain;
  const u = x / z;
  const v = y / z;
  const r2 = u * u + v * v;
  const gain = 1 + r2 * (lens.k1 + r2 * lens.k2);
  const slope = 2 * (lens.k1 + 2 * lens.k2 * r2);
  const uu = gain + slope * u * u + 2 * lens.p1 * v + 6 * lens.p2 * u;
  const uv = slope * u * v + 2 * lens.p1 * u + 2 * lens.p2 * v;
  const vv = gain + slope * v * v + 2 * lens.p2 * u + 6 * lens.p1 * v;
  return plain * Math.abs(uu * vv - uv * uv);
}
