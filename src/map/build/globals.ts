import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { GlobalPca } from '../../domain/mapModel.js';
import { projectGlobal } from '../projectGlobal.js';
import { projectionOf } from '../vlad.js';
import type { FittedVlad } from './fitVlad.js';

export interface MapGlobals {
  /** [K x dim] unit rows. */
  readonly globals: Float32Array;
  readonly dim: number;
  readonly pca: GlobalPca | null;
}

/** Share of the descriptors' variance that PCA keeps. */
const KEPT_VARIANCE = 0.99;

/** Global descriptors as the map stores them: raw for small maps, through PCA where there are enough keyframes to
 * learn it from. Unknown rows (no global head) give length 0.
 * @param pcaFrom keyframes from which PCA is used */
export function storeGlobals(
  rows: readonly (Float32Array | null)[],
  rawDim: number,
  pcaFrom: number,
): MapGlobals {
  if (rawDim === 0) return { globals: new Float32Array(0), dim: 0, pca: null };
  const known = rows.map((row) => row ?? new Float32Array(rawDim));
  const pca = known.length >= Math.max(pcaFrom, 2 * rawDim) ? fitPca(known, rawDim) : null;
  const dim = pca === null ? rawDim : pca.outputDim;
  const globals = new Float32Array(known.length * dim);
  for (const [k, row] of known.entries()) globals.set(projectGlobal(row, pca), k * dim);
  return { globals, dim, pca };
}

/** The same of a stand-in. */
export function storeVlad({ vlad, rows }: FittedVlad): MapGlobals {
  const projection = projectionOf(vlad);
  const globals = new Float32Array(rows.length * vlad.outputDim);
  for (const [k, row] of rows.entries()) globals.set(projectGlobal(row, projection), k * vlad.outputDim);
  return { globals, dim: vlad.outputDim, pca: null };
}

/** Source: Jolliffe, Principal Component Analysis; eigenvectors of the covariance, signs fixed so that equal input
 * gives equal bytes. */
function fitPca(rows: readonly Float32Array[], inputDim: number): GlobalPca {
  const mean = Array.from(
    { length: inputDim },
    (_, d) => rows.reduce((sum, row) => sum + row[d], 0) / rows.length,
  );
  const covariance = covarianceOf(rows, mean);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const outputDim = keptDimensions(order.map((i) => Math.max(0, realEigenvalues[i])));
  const basis = order.slice(0, outputDim).flatMap((i) => signed(eigenvectorMatrix.getColumn(i)));
  return { inputDim, outputDim, mean, basis };
}

function covarianceOf(rows: readonly Float32Array[], mean: readonly number[]): Matrix {
  const n = mean.length;
  const sums = new Float64Array(n * n);
  const off = new Float64Array(n);
  for (const row of rows) {
    for (let i = 0; i < n; i++) off[i] = row[i] - mean[i];
    for (let i = 0; i < n; i++) for (let j = i; j < n; j++) sums[i * n + j] += off[i] * off[j];
  }
  const covariance = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++)
    for (let j = i; j < n; j++) {
      covariance.set(i, j, sums[i * n + j]);
      covariance.set(j, i, sums[i * n + j]);
    }
  return covariance;
}

function keptDimensions(variances: readonly number[]): number {
  const total = variances.reduce((a, b) => a + b, 0);
  let sum = 0;
  for (const [i, variance] of variances.entries()) {
    sum += variance;
    if (sum >= KEPT_VARIANCE * total) return Math.max(i + 1, 1);
  }
  return variances.length;
}

function signed(column: number[]): number[] {
  const largest = column.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? column.map((value) => -value) : column;
}
