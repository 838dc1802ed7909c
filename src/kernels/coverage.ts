/** Cells a side of the grid that coverage is counted in. */
export const COVERAGE_CELLS = 8;

/** How many of the 8 x 8 cells of an image hold at least one marked pixel position.
 * @param xyPx [n x 2]    @param mask [n] non-zero rows count    @param count n    Allocates nothing; outside the image counts nowhere. */
export function coveredCells(
  xyPx: ArrayLike<number>,
  mask: Uint8Array,
  count: number,
  widthPx: number,
  heightPx: number,
): number {
  let low = 0;
  let high = 0;
  for (let i = 0; i < count; i++) {
    if (mask[i] === 0) continue;
    const column = Math.floor((xyPx[2 * i] * COVERAGE_CELLS) / widthPx);
    const row = Math.floor((xyPx[2 * i + 1] * COVERAGE_CELLS) / heightPx);
    if (!(column >= 0 && row >= 0 && column < COVERAGE_CELLS && row < COVERAGE_CELLS)) continue;
    const cell = row * COVERAGE_CELLS + column;
    if (cell < 32) low |= 1 << cell;
    else high |= 1 << (cell - 32);
  }
  return bitCount(low) + bitCount(high);
}

function bitCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
