/** Dot product of two rows of whole numbers. Four sums, so that one addition need not wait for another. */
export function dotInt8(a: Int8Array, aStart: number, b: Int8Array, bStart: number, dim: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < dim; i += 4) {
    s0 = (s0 + Math.imul(a[aStart + i], b[bStart + i])) | 0;
    s1 = (s1 + Math.imul(a[aStart + i + 1], b[bStart + i + 1])) | 0;
    s2 = (s2 + Math.imul(a[aStart + i + 2], b[bStart + i + 2])) | 0;
    s3 = (s3 + Math.imul(a[aStart + i + 3], b[bStart + i + 3])) | 0;
  }
  for (; i < dim; i++) s0 = (s0 + Math.imul(a[aStart + i], b[bStart + i])) | 0;
  return (s0 + s1 + s2 + s3) | 0;
}

/** Unit rows x 127 as whole numbers, the form maps store. Shifted above zero, so that cutting rounds.
 * @param out written at [0, count) */
export function roundRows(rows: Float32Array, count: number, out: Int8Array): void {
  for (let i = 0; i < count; i++) out[i] = ((127 * rows[i] + 128.5) | 0) - 128;
}
