/** Keypoints sorted into square cells, for radius search. Points outside the image sit in its border cells. */
export interface PointGrid {
  cellPx: number;
  columns: number;
  rows: number;
  count: number;
  /** [columns * rows + 1] */
  offsets: Int32Array;
  /** [count] point ids by cell. */
  ids: Int32Array;
  /** [2 * count] coordinates in the order of `ids`. */
  xy: Float32Array;
  cellOf: Int32Array;
}

export function createPointGrid(): PointGrid {
  return {
    cellPx: 1,
    columns: 1,
    rows: 1,
    count: 0,
    offsets: new Int32Array(2),
    ids: new Int32Array(0),
    xy: new Float32Array(0),
    cellOf: new Int32Array(0),
  };
}

/** Fills the grid anew; arrays grow where they are too small and are kept otherwise.
 * @param xyPx [n x 2]    @param cellPx side of a cell; near the usual search radius */
export function fillPointGrid(
  grid: PointGrid,
  xyPx: ArrayLike<number>,
  count: number,
  widthPx: number,
  heightPx: number,
  cellPx: number,
): void {
  grid.cellPx = cellPx;
  grid.columns = Math.max(1, Math.ceil(widthPx / cellPx));
  grid.rows = Math.max(1, Math.ceil(heightPx / cellPx));
  grid.count = count;
  const cells = grid.columns * grid.rows;
  if (grid.offsets.length < cells + 1) grid.offsets = new Int32Array(cells + 1);
  if (grid.ids.length < count) {
    grid.ids = new Int32Array(count);
    grid.cellOf = new Int32Array(count);
    grid.xy = new Float32Array(2 * count);
  }
  sortIntoCells(grid, xyPx, cells);
}

function sortIntoCells(grid: PointGrid, xyPx: ArrayLike<number>, cells: number): void {
  const { offsets, cellOf, ids, xy, count } = grid;
  offsets.fill(0, 0, cells + 1);
  // the same product as in the search, so that neither rounds across the border of a cell alone
  const perPx = 1 / grid.cellPx;
  for (let i = 0; i < count; i++) {
    const cell = clampCell(xyPx[2 * i + 1] * perPx, grid.rows) * grid.columns;
    cellOf[i] = cell + clampCell(xyPx[2 * i] * perPx, grid.columns);
    offsets[cellOf[i]]++;
  }
  let end = 0;
  for (let c = 0; c <= cells; c++) {
    end += c < cells ? offsets[c] : 0;
    offsets[c] = end;
  }
  for (let i = count - 1; i >= 0; i--) {
    const at = --offsets[cellOf[i]];
    ids[at] = i;
    xy[2 * at] = xyPx[2 * i];
    xy[2 * at + 1] = xyPx[2 * i + 1];
  }
}

function clampCell(cell: number, cells: number): number {
  return cell > 0 ? (cell < cells ? cell | 0 : cells - 1) : 0;
}

/** Points no further than `radiusPx` from (x, y), by cell then by rising id.
 * @param out ids, written    @returns how many; the search stops where `out` is full */
export function searchRadius(
  grid: PointGrid,
  xPx: number,
  yPx: number,
  radiusPx: number,
  out: Int32Array,
): number {
  const { offsets, ids, xy, columns, cellPx } = grid;
  const perPx = 1 / cellPx;
  const left = clampCell((xPx - radiusPx) * perPx, columns);
  const right = clampCell((xPx + radiusPx) * perPx, columns);
  const top = clampCell((yPx - radiusPx) * perPx, grid.rows);
  const bottom = clampCell((yPx + radiusPx) * perPx, grid.rows);
  const radius2 = radiusPx * radiusPx;
  let found = 0;
  for (let row = top; row <= bottom; row++) {
    // neighbouring cells of one row lie side by side
    const end = offsets[row * columns + right + 1];
    for (let at = offsets[row * columns + left]; at < end; at++) {
      const dx = xy[2 * at] - xPx;
      const dy = xy[2 * at + 1] - yPx;
      if (dx * dx + dy * dy > radius2) continue;
      if (found >= out.length) return found;
      out[found++] = ids[at];
    }
  }
  return found;
}
