import type { Camera } from '../domain/camera.js';

/** How the ideal image bends: not at all, by radius with a tangential part (SIMPLE_RADIAL, RADIAL, OPENCV), or by angle. */
const LENS_PINHOLE = 0;
export const LENS_RADIAL = 1;
export const LENS_FISHEYE = 2;

/** What the loops read of a camera: numbers only, one shape for every model, looked up once. */
export interface Lens {
  readonly kind: number;
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
  readonly k1: number;
  readonly k2: number;
  /** Fisheye only. */
  readonly k3: number;
  readonly k4: number;
  /** Radial only. */
  readonly p1: number;
  readonly p2: number;
  /** Where the curve turns back and nothing further out is really seen: squared radius (radial) or angle off the axis
   * in rad, at most pi (fisheye). */
  readonly limit: number;
  /** Room for the distortion's numbers. */
  readonly scratch: Float64Array;
}

const lenses = new WeakMap<Camera, Lens>();

/** The camera's numbers; computed once per camera object. */
export function lensOf(camera: Camera): Lens {
  const known = lenses.get(camera);
  if (known !== undefined) return known;
  const lens = createLens(camera);
  lenses.set(camera, lens);
  return lens;
}

function createLens({ model, params: p }: Camera): Lens {
  switch (model) {
    case 'SIMPLE_PINHOLE':
      return lensFrom(LENS_PINHOLE, [p[0], p[0], p[1], p[2]], [0, 0, 0, 0], [0, 0]);
    case 'PINHOLE':
      return lensFrom(LENS_PINHOLE, p, [0, 0, 0, 0], [0, 0]);
    case 'SIMPLE_RADIAL':
      return lensFrom(LENS_RADIAL, [p[0], p[0], p[1], p[2]], [p[3], 0, 0, 0], [0, 0]);
    case 'RADIAL':
      return lensFrom(LENS_RADIAL, [p[0], p[0], p[1], p[2]], [p[3], p[4], 0, 0], [0, 0]);
    case 'OPENCV':
      return lensFrom(LENS_RADIAL, p, [p[4], p[5], 0, 0], [p[6], p[7]]);
    case 'OPENCV_FISHEYE':
      return lensFrom(LENS_FISHEYE, p, p.slice(4, 8), [0, 0]);
  }
}

function lensFrom(
  kind: number,
  [fx, fy, cx, cy]: readonly number[],
  [k1, k2, k3, k4]: readonly number[],
  [p1, p2]: readonly number[],
): Lens {
  const limit =
    kind === LENS_RADIAL ? turningRadius2(k1, k2) : kind === LENS_FISHEYE ? turningTheta(k1, k2, k3, k4) : 0;
  return { kind, fx, fy, cx, cy, k1, k2, k3, k4, p1, p2, limit, scratch: new Float64Array(6) };
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
    const t2 = theta * theta;
    const slope = 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)));
    if (slope <= 0) return (Math.PI * (i - 1)) / steps;
  }
  return Math.PI;
}
