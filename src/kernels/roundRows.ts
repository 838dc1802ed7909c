/** Unit rows x 127 as whole numbers, the form maps store. Shifted above zero, so that cutting rounds. Rows that were asked
 * for before are not rounded again: they may not change.
 * @returns as long as `rows`, borrowed */
export function roundRows(rows: Float32Array): Int8Array {
  const known = rounded.get(rows);
  if (known !== undefined) return known;
  const out = new Int8Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = ((127 * rows[i] + 128.5) | 0) - 128;
  rounded.set(rows, out);
  return out;
}

const rounded = new WeakMap<Float32Array, Int8Array>();
