/** Cells per image side. */
export const COVERAGE_SIDE = 8;
export const COVERAGE_CELLS = COVERAGE_SIDE * COVERAGE_SIDE;

/** How many of the image's 8 x 8 cells hold a point; divide by COVERAGE_CELLS for the share.
 * Points outside the image count for none.
 * @param xyPx [n x 2]    @param mask [n] non-zero for the points that count; all where absent */
export function countCoveredCells(
  xyPx: ArrayLike<number>,
  count: number,
  widthPx: number,
  heightPx: number,
  mask?: ArrayLike<number>,
): number {
  let low = 0;
  let high = 0;
  for (let i = 0; i < count; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    const column = Math.floor((xyPx[2 * i] / widthPx) * COVERAGE_SIDE);
    const row = Math.floor((xyPx[2 * i + 1] / heightPx) * COVERAGE_SIDE);
    if (!(column >= 0 && column < COVERAGE_SIDE && row >= 0 && row < COVERAGE_SIDE)) continue;
    const cell = row * COVERAGE_SIDE + column;
    if (cell < 32) low |= 1 << cell;
    else high |= 1 << (cell - 32);
  }
  return countBits(low) + countBits(high);
}

/** Source: Warren, Hacker's Delight, fig. 5-2. */
function countBits(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
