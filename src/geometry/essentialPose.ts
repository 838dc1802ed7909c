/** The four poses of an essential matrix, row-major 3x4 bFromA with unit translation: (R1, t), (R1, -t), (R2, t), (R2, -t).
 * @param e row-major at [at, at + 9), Frobenius norm sqrt(2)    @param out [4 x 12], written
 * Source: Horn, "Recovering baseline and orientation from essential matrix", 1990: t t^T = I trace/2 - E E^T and
 * R = cof(E) -+ [t]x E, without a singular value decomposition. */
export function decomposeEssential(e: Float64Array, at: number, out: Float64Array): void {
  const t = scratchT;
  baseline(e, at, t);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const i1 = (i + 1) % 3;
      const i2 = (i + 2) % 3;
      const j1 = (j + 1) % 3;
      const j2 = (j + 2) % 3;
      const cofactor = e[at + 3 * i1 + j1] * e[at + 3 * i2 + j2] - e[at + 3 * i1 + j2] * e[at + 3 * i2 + j1];
      const crossed = t[i1] * e[at + 3 * i2 + j] - t[i2] * e[at + 3 * i1 + j];
      for (let k = 0; k < 4; k++) out[12 * k + 4 * i + j] = k < 2 ? cofactor - crossed : cofactor + crossed;
    }
  for (let k = 0; k < 4; k++)
    for (let i = 0; i < 3; i++) out[12 * k + 4 * i + 3] = k % 2 === 0 ? t[i] : -t[i];
}

const scratchT = new Float64Array(3);

/** Unit t from the row of t t^T with the largest diagonal. */
function baseline(e: Float64Array, at: number, t: Float64Array): void {
  let half = 0;
  for (let k = 0; k < 9; k++) half += 0.5 * e[at + k] * e[at + k];
  let best = 0;
  let bestValue = -1;
  for (let i = 0; i < 3; i++) {
    const value = half - rowDot(e, at, i, i);
    if (value > bestValue) {
      best = i;
      bestValue = value;
    }
  }
  let square = 0;
  for (let j = 0; j < 3; j++) {
    t[j] = (best === j ? half : 0) - rowDot(e, at, best, j);
    square += t[j] * t[j];
  }
  const scale = 1 / Math.sqrt(square);
  for (let j = 0; j < 3; j++) t[j] *= scale;
}

function rowDot(e: Float64Array, at: number, i: number, j: number): number {
  return (
    e[at + 3 * i] * e[at + 3 * j] +
    e[at + 3 * i + 1] * e[at + 3 * j + 1] +
    e[at + 3 * i + 2] * e[at + 3 * j + 2]
  );
}

/** Pairs whose rays meet in front of both cameras.
 * @param pose row-major 3x4 bFromA at [o, o + 12)    @param a [n x 3]    @param b [n x 3] unit bearings
 * @param rows [count] which pairs to look at */
export function countInFront(
  pose: Float64Array,
  o: number,
  a: Float64Array,
  b: Float64Array,
  rows: Int32Array,
  count: number,
): number {
  let inFront = 0;
  for (let k = 0; k < count; k++) {
    const i = 3 * rows[k];
    let cosine = 0;
    let onA = 0;
    let onB = 0;
    for (let r = 0; r < 3; r++) {
      const at = o + 4 * r;
      const turned = pose[at] * a[i] + pose[at + 1] * a[i + 1] + pose[at + 2] * a[i + 2];
      const t = pose[at + 3];
      cosine += turned * b[i + r];
      onA += turned * t;
      onB += b[i + r] * t;
    }
    // depths over sin^2: depthB b = depthA R a + t in the least squares sense
    if (cosine * onB - onA > 0 && onB - cosine * onA > 0) inFront++;
  }
  return inFront;
}
