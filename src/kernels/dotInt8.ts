/** Dot product of two rows of whole numbers. Eight products a round in two sums, so that one addition need not wait for
 * another. */
export function dotInt8(a: Int8Array, aStart: number, b: Int8Array, bStart: number, dim: number): number {
  const end = aStart + dim;
  let even = 0;
  let odd = 0;
  let i = aStart;
  let j = bStart;
  for (; i + 7 < end; i += 8, j += 8) {
    even += Math.imul(a[i], b[j]) + Math.imul(a[i + 1], b[j + 1]);
    odd += Math.imul(a[i + 2], b[j + 2]) + Math.imul(a[i + 3], b[j + 3]);
    even += Math.imul(a[i + 4], b[j + 4]) + Math.imul(a[i + 5], b[j + 5]);
    odd += Math.imul(a[i + 6], b[j + 6]) + Math.imul(a[i + 7], b[j + 7]);
    even |= 0;
    odd |= 0;
  }
  for (; i < end; i++, j++) even = (even + Math.imul(a[i], b[j])) | 0;
  return (even + odd) | 0;
}

/** Unit rows x 127 as whole numbers, the form maps store. Shifted above zero, so that cutting rounds.
 * @param out written at [0, count) */
export function roundRows(rows: Float32Array, count: number, out: Int8Array): void {
  for (let i = 0; i < count; i++) out[i] = ((127 * rows[i] + 128.5) | 0) - 128;
}
