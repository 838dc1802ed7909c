/** unit((raw - mean) * basis) */
export interface Projection {
  readonly inputDim: number;
  readonly outputDim: number;
  readonly mean: ArrayLike<number>;
  /** Row-major [outputDim x inputDim]. */
  readonly basis: ArrayLike<number>;
}

/** The network's raw global descriptor as the map stores it: unit((raw - mean) * basis), or unit(raw) without PCA.
 * A zero vector stays zero. @param raw [inputDim] */
export function projectGlobal(raw: ArrayLike<number>, pca: Projection | null): Float32Array {
  if (pca === null) return toUnit(Float32Array.from(raw));
  const { inputDim, outputDim, mean, basis } = pca;
  const out = new Float32Array(outputDim);
  for (let row = 0; row < outputDim; row++) {
    let sum = 0;
    for (let d = 0; d < inputDim; d++) sum += basis[row * inputDim + d] * (raw[d] - mean[d]);
    out[row] = sum;
  }
  return toUnit(out);
}

function toUnit(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? values.map((value) => value / length) : values;
}
