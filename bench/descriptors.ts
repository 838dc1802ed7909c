import type { Random } from '../src/kernels/random.js';

export interface DescriptorPair {
  /** [n x dim] unit rows. */
  readonly query: Float32Array;
  /** [m x dim] unit rows. */
  readonly ref: Float32Array;
  /** The same rows x 127. */
  readonly refInt8: Int8Array;
  /** [n] reference row each query row was made from. */
  readonly nearest: Int32Array;
}

/** Distance of a query from its own row, about that of two views of one point; others are near orthogonal. */
const SPREAD = 0.6;

/** Query rows made from reference rows with noise, so that the right answer is known. */
export function descriptorPair(n: number, m: number, dim: number, random: Random): DescriptorPair {
  const ref = new Float32Array(m * dim);
  for (let j = 0; j < m; j++) writeUnit(ref, j, dim, random);
  const query = new Float32Array(n * dim);
  const nearest = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    nearest[i] = random.integer(m);
    writeUnit(query, i, dim, random, ref.subarray(nearest[i] * dim, (nearest[i] + 1) * dim), SPREAD);
  }
  return { query, ref, refInt8: toInt8(ref), nearest };
}

/** Row `i` of `out`: a random direction, or one about `spread` away from `near`. */
export function writeUnit(
  out: Float32Array,
  i: number,
  dim: number,
  random: Random,
  near?: ArrayLike<number>,
  spread = 1,
): void {
  let square = 0;
  for (let d = 0; d < dim; d++) {
    const value = (near?.[d] ?? 0) + (spread * random.normal()) / Math.sqrt(dim);
    out[i * dim + d] = value;
    square += value * value;
  }
  const scale = 1 / Math.sqrt(square);
  for (let d = 0; d < dim; d++) out[i * dim + d] *= scale;
}

export function toInt8(rows: Float32Array): Int8Array {
  return Int8Array.from(rows, (value) => Math.round(127 * value));
}

/** Nearest two by dot product as one would first write it. @returns [2n] best, second, best, second … */
export function loopNearest(query: Float32Array, ref: Float32Array, dim: number): Int32Array {
  const [n, m] = [query.length / dim, ref.length / dim];
  const out = new Int32Array(2 * n).fill(-1);
  for (let i = 0; i < n; i++) {
    let best = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < m; j++) {
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += query[i * dim + d] * ref[j * dim + d];
      if (dot > best) {
        second = best;
        out[2 * i + 1] = out[2 * i];
        best = dot;
        out[2 * i] = j;
      } else if (dot > second) {
        second = dot;
        out[2 * i + 1] = j;
      }
    }
  }
  return out;
}
