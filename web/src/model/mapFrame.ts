/** Directions and sizes of a map that the views share; pure, world axes, positions minus the map's origin. */
export type Vec3 = readonly [number, number, number];
export type Quat = readonly [number, number, number, number];

export interface MapFrame {
  /** Unit. Away from the ground. */
  readonly up: Vec3;
  /** Unit, level: right and up of the plan. */
  readonly planRight: Vec3;
  readonly planUp: Vec3;
  readonly centre: Vec3;
  /** Half the diagonal of what is worth showing. */
  readonly radius: number;
  /** Typical distance between neighbouring keyframes. */
  readonly spacing: number;
}

export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const scale = (a: Vec3, s: number): Vec3 => [a[0] * s, a[1] * s, a[2] * s];
export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const unit = (a: Vec3): Vec3 => scale(a, 1 / (Math.hypot(...a) || 1));

/** Columns of the rotation of [x, y, z, w]: the camera's axes in the world. */
export function axesOf([x, y, z, w]: Quat): [Vec3, Vec3, Vec3] {
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)],
    [2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)],
    [2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)],
  ];
}

/** @param poses [K x 7] tx ty tz qx qy qz qw    @param points [P x 3]    @param northUp world axes are east, north, up */
export function mapFrameOf(poses: Float32Array, points: Float32Array, northUp: boolean): MapFrame {
  const keyframes = keyframesOf(poses);
  const centres = keyframes.map(({ centre }) => centre);
  const up = northUp ? ([0, 0, 1] as const) : upOf(keyframes);
  const level = northUp ? ([1, 0, 0] as const) : longestLevelDirection(centres, up);
  const planRight = unit(add(level, scale(up, -dot(level, up))));
  const box = boxOf(centres, points);
  return {
    up,
    planRight,
    planUp: cross(up, planRight),
    centre: box.centre,
    radius: box.radius,
    spacing: spacingOf(centres, box.radius),
  };
}

interface Keyframe {
  readonly centre: Vec3;
  readonly axes: [Vec3, Vec3, Vec3];
}

function keyframesOf(poses: Float32Array): Keyframe[] {
  const found: Keyframe[] = [];
  for (let i = 0; i + 6 < poses.length; i += 7)
    found.push({
      centre: [poses[i], poses[i + 1], poses[i + 2]],
      axes: axesOf([poses[i + 3], poses[i + 4], poses[i + 5], poses[i + 6]]),
    });
  return found;
}

/** Cameras are seldom rolled, so up is what is most square to their x axes; where all look the same way, travel decides
 * (dashcams and nadir flights both move on the level), and weakly the pictures' own up. Its sign: pictures' up, or
 * away from where a downward camera looks. */
function upOf(keyframes: readonly Keyframe[]): Vec3 {
  if (keyframes.length === 0) return [0, 0, 1];
  const m = new Float64Array(9);
  const meanY = meanOf(keyframes.map(({ axes }) => axes[1]));
  const meanZ = meanOf(keyframes.map(({ axes }) => axes[2]));
  for (const { axes } of keyframes) addOuter(m, axes[0], 1 / keyframes.length);
  const spread = covarianceOf(keyframes.map(({ centre }) => centre));
  const trace = spread[0] + spread[4] + spread[8];
  if (trace > 0) for (let i = 0; i < 9; i++) m[i] += (0.1 * spread[i]) / trace;
  addOuter(m, meanY, -0.02);
  const axis = smallestEigenvector(m);
  const sign = Math.sign(-dot(axis, meanY) - dot(axis, meanZ)) || 1;
  const up = scale(axis, sign);
  return up[2] > Math.cos(0.2) ? [0, 0, 1] : up;
}

function longestLevelDirection(centres: readonly Vec3[], up: Vec3): Vec3 {
  const spread = covarianceOf(centres.map((c) => add(c, scale(up, -dot(c, up)))));
  for (let i = 0; i < 9; i++) spread[i] = -spread[i];
  addOuter(spread, up, 1e-9 - spread[0] - spread[4] - spread[8]);
  const direction = smallestEigenvector(spread);
  return Math.abs(dot(direction, up)) > 0.9 ? perpendicular(up) : direction;
}

function perpendicular(a: Vec3): Vec3 {
  return unit(cross(a, Math.abs(a[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]));
}

function meanOf(values: readonly Vec3[]): Vec3 {
  return scale(
    values.reduce((sum, v) => add(sum, v), [0, 0, 0] as Vec3),
    1 / Math.max(1, values.length),
  );
}

function covarianceOf(values: readonly Vec3[]): Float64Array {
  const mean = meanOf(values);
  const m = new Float64Array(9);
  for (const v of values) addOuter(m, add(v, scale(mean, -1)), 1 / values.length);
  return m;
}

function addOuter(m: Float64Array, v: Vec3, weight: number): void {
  for (let r = 0; r < 3; r++) for (let c = 0; c < 3; c++) m[3 * r + c] += weight * v[r] * v[c];
}

/** Power iteration on a shifted matrix; symmetric 3 x 3, row-major. */
function smallestEigenvector(m: Float64Array): Vec3 {
  const shift = Math.hypot(...m) || 1;
  let v: Vec3 = unit([0.36, 0.48, 0.8]);
  for (let i = 0; i < 500; i++) {
    const next = [0, 1, 2].map((r) => shift * v[r] - dot([m[3 * r], m[3 * r + 1], m[3 * r + 2]], v));
    v = unit(next as unknown as Vec3);
  }
  return v;
}

/** Keyframes whole, points between their 5th and 95th percentile: maps have points far astray. */
function boxOf(centres: readonly Vec3[], points: Float32Array): { centre: Vec3; radius: number } {
  const ranges = [0, 1, 2].map((axis) => {
    const column = Float32Array.from({ length: points.length / 3 }, (_, i) => points[3 * i + axis]).sort();
    const at = (share: number): number => column[Math.floor(share * (column.length - 1))];
    const own = centres.map((c) => c[axis]);
    if (column.length > 0) own.push(at(0.05), at(0.95));
    return own.length > 0 ? [Math.min(...own), Math.max(...own)] : [-1, 1];
  });
  const centre = ranges.map(([low, high]) => (low + high) / 2) as unknown as Vec3;
  return { centre, radius: Math.hypot(...ranges.map(([low, high]) => (high - low) / 2)) || 1 };
}

function spacingOf(centres: readonly Vec3[], radius: number): number {
  const steps = centres
    .slice(1)
    .map((c, i) => Math.hypot(...add(c, scale(centres[i], -1))))
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  const median = steps[Math.floor(steps.length / 2)] ?? radius / 50;
  return Math.min(Math.max(median, radius / 200), radius / 15);
}
