/** Compressed rows: the entries of row r are items[offsets[r] .. offsets[r + 1]). */
export interface Csr {
  /** [rows + 1] */
  readonly offsets: Uint32Array;
  /** [entries] */
  readonly items: Uint32Array;
}

/** Groups entries by row, in input order within a row.
 * @param rowOf [n] row of each entry, below `rows`    @param itemOf [n] what to store; the entry's own index where absent
 * Cost O(n + rows), a counting sort. */
export function buildCsr(
  rowOf: ArrayLike<number>,
  count: number,
  rows: number,
  itemOf?: ArrayLike<number>,
): Csr {
  const offsets = new Uint32Array(rows + 1);
  for (let i = 0; i < count; i++) offsets[rowOf[i] + 1]++;
  for (let r = 0; r < rows; r++) offsets[r + 1] += offsets[r];
  const next = offsets.slice(0, rows);
  const items = new Uint32Array(count);
  for (let i = 0; i < count; i++) items[next[rowOf[i]]++] = itemOf === undefined ? i : itemOf[i];
  return { offsets, items };
}

/** Rows and items swapped: row j of the result lists, rising, the rows of `csr` that hold j.
 * @param items how many different items there are */
export function transposeCsr(csr: Csr, items: number): Csr {
  const rowOf = new Uint32Array(csr.items.length);
  for (let r = 0; r + 1 < csr.offsets.length; r++) rowOf.fill(r, csr.offsets[r], csr.offsets[r + 1]);
  return buildCsr(csr.items, csr.items.length, items, rowOf);
}
