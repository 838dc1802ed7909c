/** Unit rows x 127 as whole numbers, the form maps store. Shifted above zero, so that cutting rounds.
 * @param out written at [0, count) */
export function roundRows(rows: Float32Array, count: number, out: Int8Array): void {
  for (let i = 0; i < count; i++) out[i] = ((127 * rows[i] + 128.5) | 0) - 128;
}
