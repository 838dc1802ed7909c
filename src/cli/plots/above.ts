import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { WorldFromCam } from '../../domain/rigid.js';
import { rotate, type Vec3 } from '../../geometry/quaternion.js';

/** A picture plane seen from above: unit axes in the world and their names. */
export interface PlanView {
  readonly right: Vec3;
  readonly ahead: Vec3;
  readonly rightName: string;
  readonly aheadName: string;
}

const AXES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;
const NAMES = 'xyz';
/** An up this near to a world axis is that axis. */
const ON_AXIS = Math.cos(0.2);

/** From above, along a world axis where one is up, so that the picture's numbers are world coordinates. */
export function viewFromAbove(poses: readonly WorldFromCam[]): PlanView {
  const up = upOf(poses);
  const axis = AXES.findIndex((unit) => Math.abs(dot(unit, up)) > ON_AXIS);
  if (axis < 0) return obliqueView(poses, up);
  const sign = Math.sign(up[axis]);
  const [r, a] = axis === 2 ? [0, 1] : axis === 1 ? [0, 2] : [1, 2];
  const right = AXES[r];
  const ahead = cross(scale(AXES[axis], sign), right);
  const isFlipped = dot(ahead, AXES[a]) < 0;
  return { right, ahead, rightName: NAMES[r], aheadName: `${isFlipped ? '−' : ''}${NAMES[a]}` };
}

function obliqueView(poses: readonly WorldFromCam[], up: Vec3): PlanView {
  const spread = covariance(poses.map(({ t }) => t)).neg();
  const levelled = spread.add(outer(up).mul(2 * spread.norm('frobenius') + 1));
  const right = smallestEigenvector(levelled);
  return { right, ahead: cross(up, right), rightName: 'along', aheadName: 'across' };
}

export const planPoint = (
  { right, ahead }: PlanView,
  point: ArrayLike<number>,
): readonly [number, number] => [dot(right, point), dot(ahead, point)];

/** Cameras are seldom rolled, so up is what is most square to their x axes; where all look one way travel decides
 * (dashcams and nadir flights both move on the level), and weakly the pictures' own up. Its sign: the pictures' up,
 * or away from where a downward camera looks. */
function upOf(poses: readonly WorldFromCam[]): Vec3 {
  if (poses.length === 0) return [0, 0, 1];
  const sideways = Matrix.zeros(3, 3);
  for (const { q } of poses) sideways.add(outer(rotate(q, AXES[0])).div(poses.length));
  const down = meanOf(poses.map(({ q }) => rotate(q, AXES[1])));
  const forward = meanOf(poses.map(({ q }) => rotate(q, AXES[2])));
  const spread = covariance(poses.map(({ t }) => t));
  const evidence = sideways.sub(outer(down).mul(0.02));
  if (spread.trace() > 0) evidence.add(spread.div(spread.trace()).mul(0.1));
  const axis = smallestEigenvector(evidence);
  return scale(axis, Math.sign(-dot(axis, down) - dot(axis, forward)) || 1);
}

function smallestEigenvector(symmetric: Matrix): Vec3 {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true,
  });
  const smallest = realEigenvalues.indexOf(Math.min(...realEigenvalues));
  return eigenvectorMatrix.getColumn(smallest) as unknown as Vec3;
}

function covariance(points: readonly Vec3[]): Matrix {
  const mean = meanOf(points);
  const sum = Matrix.zeros(3, 3);
  for (const p of points) sum.add(outer([p[0] - mean[0], p[1] - mean[1], p[2] - mean[2]]));
  return sum.div(Math.max(1, points.length));
}

const meanOf = (points: readonly Vec3[]): Vec3 =>
  AXES.map((_, axis) => points.reduce((sum, p) => sum + p[axis], 0) / points.length) as unknown as Vec3;

const outer = (v: Vec3) => new Matrix(v.map((a) => v.map((b) => a * b)));
const dot = (a: Vec3, b: ArrayLike<number>): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const scale = ([x, y, z]: Vec3, s: number): Vec3 => [x * s, y * s, z * s];
const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
