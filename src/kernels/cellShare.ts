import { COVERAGE_CELLS } from './coverage.js';

const CELLS = COVERAGE_CELLS * COVERAGE_CELLS;

/** Of the 8 x 8 image cells where at least `least` points are expected, the share that holds a marked position.
 * @param expectedXyPx [n x 2]    @param foundXyPx [m x 2]    @param mask [m] non-zero rows count
 * @returns 0..1; 0 where nothing is expected. Outside the image counts nowhere. */
export function foundCellShare(
  expectedXyPx: ArrayLike<number>,
  expected: number,
  least: number,
  foundXyPx: ArrayLike<number>,
  mask: Uint8Array,
  found: number,
  widthPx: number,
  heightPx: number,
): number {
  const counts = new Uint16Array(CELLS);
  for (let i = 0; i < expected; i++) {
    const cell = cellOf(expectedXyPx[2 * i], expectedXyPx[2 * i + 1], widthPx, heightPx);
    if (cell >= 0) counts[cell]++;
  }
  const isFound = new Uint8Array(CELLS);
  for (let i = 0; i < found; i++) {
    const cell = cellOf(foundXyPx[2 * i], foundXyPx[2 * i + 1], widthPx, heightPx);
    if (mask[i] !== 0 && cell >= 0) isFound[cell] = 1;
  }
  let full = 0;
  let both = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    if (counts[cell] < least) continue;
    full++;
    both += isFound[cell];
  }
  return full === 0 ? 0 : both / full;
}

function cellOf(xPx: number, yPx: number, widthPx: number, heightPx: number): number {
  const column = Math.floor((xPx * COVERAGE_CELLS) / widthPx);
  const row = Math.floor((yPx * COVERAGE_CELLS) / heightPx);
  const isInside = column >= 0 && row >= 0 && column < COVERAGE_CELLS && row < COVERAGE_CELLS;
  return isInside ? row * COVERAGE_CELLS + column : -1;
}
