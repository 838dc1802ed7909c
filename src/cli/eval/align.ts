import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { PosestreamError } from '../../domain/errors.js';
import type { WorldFromCam } from '../../domain/rigid.js';
import { multiply, type Quaternion, rotate, type Vec3 } from '../../geometry/quaternion.js';
import { fromRotationMatrix, rigid } from '../../geometry/rigid.js';
import type { TimedPose } from '../../map/tum.js';
import type { Pair } from '../evaluate.js';

export const ALIGNMENTS = ['none', 'se3', 'sim3'] as const;
export type AlignmentKind = (typeof ALIGNMENTS)[number];

/** truth = scale * R(q) * estimate + t */
export interface Alignment {
  readonly scale: number;
  readonly q: Quaternion;
  readonly t: Vec3;
}

/** The least-squares alignment of the estimates' camera centres to the reference's.
 * Throws E_FILE_INVALID where fewer than 3 poses or poses on one line leave it open.
 * Source: Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991, eq. 34-43. */
export function alignTo(pairs: readonly Pair<TimedPose>[], kind: 'se3' | 'sim3', label: string): Alignment {
  const truths = pairs.map(({ truth }) => truth.worldFromCam.t);
  const estimates = pairs.map(({ estimate }) => estimate.worldFromCam.t);
  const [truthMean, estimateMean] = [meanOf(truths), meanOf(estimates)];
  const x = centred(estimates, estimateMean);
  const { rotation, trace } = rotationBetween(x, centred(truths, truthMean), label);
  const spread = x.norm('frobenius') ** 2 / pairs.length;
  const scale = kind === 'sim3' ? trace / spread : 1;
  const { q } = fromRotationMatrix(rotation, [0, 0, 0]);
  const turned = rotate(q, estimateMean);
  return { scale, q, t: [0, 1, 2].map((i) => truthMean[i] - scale * turned[i]) as unknown as Vec3 };
}

export function applyAlignment({ scale, q, t }: Alignment, pose: WorldFromCam): WorldFromCam {
  const turned = rotate(q, pose.t);
  return rigid(multiply(q, pose.q), [0, 1, 2].map((i) => scale * turned[i] + t[i]) as unknown as Vec3);
}

/** @returns row-major rotation, and trace(D S) of eq. 42 */
function rotationBetween(estimates: Matrix, truths: Matrix, label: string) {
  const n = estimates.rows;
  if (n === 0) throw undetermined(label, n);
  const covariance = truths.transpose().mmul(estimates).div(n);
  const svd = new SingularValueDecomposition(covariance, { autoTranspose: false });
  const [u, v, d] = [svd.leftSingularVectors, svd.rightSingularVectors, svd.diagonal];
  if (n < 3 || !(d[1] > 1e-9 * d[0])) throw undetermined(label, n);
  const mirror = Math.sign(determinant(u) * determinant(v));
  const s = Matrix.diag([1, 1, mirror]);
  const rotation = u.mmul(s).mmul(v.transpose()).to1DArray();
  return { rotation, trace: d[0] + d[1] + mirror * d[2] };
}

const undetermined = (label: string, n: number) =>
  new PosestreamError(
    'E_FILE_INVALID',
    `${label} cannot be aligned: ${n} posed queries do not fix a rotation.`,
    {
      hint: 'Alignment takes at least 3 camera centres that are not on one line; --align none needs none.',
    },
  );

const meanOf = (points: readonly Vec3[]): Vec3 =>
  [0, 1, 2].map((axis) => points.reduce((sum, p) => sum + p[axis], 0) / points.length) as unknown as Vec3;

const centred = (points: readonly Vec3[], mean: Vec3): Matrix =>
  points.length === 0
    ? Matrix.zeros(0, 3)
    : new Matrix(points.map((p) => p.map((value, axis) => value - mean[axis])));

function determinant(m: Matrix): number {
  const [a, b, c, d, e, f, g, h, i] = m.to1DArray();
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
