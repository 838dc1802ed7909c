import type { Assigned, Engine, Features } from '../domain/features.js';
import type { Vlad } from '../domain/mapModel.js';
import type { Projection } from './projectGlobal.js';

/** Shares an image's descriptors out among centres; the engine's. */
export type Assign = Engine['assign'];

export type LocalRows = Pick<Features, 'descriptors' | 'dim'>;
export type Codebook = Pick<Vlad, 'centres' | 'sharpness' | 'keypoints'>;

/** An image's raw VLAD, [clusters * dim] of unit length; zeros for an image without keypoints. Every centre's sum of
 * residuals is brought to unit length, so that a texture that repeats does not drown the rest.
 * Source: Arandjelovic and Zisserman, All about VLAD, CVPR 2013; soft shares as in NetVLAD (CVPR 2016). */
export async function aggregate(
  { descriptors, dim }: LocalRows,
  { centres, sharpness, keypoints }: Codebook,
  assign: Assign,
): Promise<Float32Array> {
  const best = descriptors.subarray(0, dim * keypoints);
  return residuals(await assign(best, { rows: centres, dim, sharpness }), centres, dim);
}

function residuals({ sums, counts }: Assigned, centres: Float32Array, dim: number): Float32Array {
  const out = new Float32Array(centres.length);
  let filled = 0;
  for (let k = 0; k < counts.length; k++) {
    const row = out.subarray(k * dim, (k + 1) * dim);
    for (let d = 0; d < dim; d++) row[d] = sums[k * dim + d] - counts[k] * centres[k * dim + d];
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (!(length > MIN_LENGTH)) {
      row.fill(0);
      continue;
    }
    filled++;
    for (let d = 0; d < dim; d++) row[d] /= length;
  }
  return filled === 0 ? out : out.map((value) => value / Math.sqrt(filled));
}

/** Below it a centre has no descriptor worth the name; a unit row would be made of rounding. */
const MIN_LENGTH = 1e-3;

export const projectionOf = ({ centres, outputDim, mean, basis }: Vlad): Projection => ({
  ...{ inputDim: centres.length, outputDim, mean, basis },
});
