/** Which small cells of an image lie near a keypoint: most places have none, and one look at a byte says so. */
export interface NearMask {
  cellPx: number;
  columns: number;
  rows: number;
  /** [columns x rows] at least; 1 where a keypoint may be within the radius. */
  marked: Uint8Array;
}

export const createNearMask = (): NearMask => ({ cellPx: 1, columns: 0, rows: 0, marked: new Uint8Array(0) });

/** Cells a radius is wide, half of them either side. */
const CELLS_PER_RADIUS = 2;

/** Marks every cell that the circle of `radiusPx` around a keypoint touches. Allocates only for an image larger than any
 * before.
 * @param xyPx [n x 2] */
export function fillNearMask(
  mask: NearMask,
  xyPx: ArrayLike<number>,
  count: number,
  widthPx: number,
  heightPx: number,
  radiusPx: number,
): void {
  const cellPx = radiusPx / CELLS_PER_RADIUS;
  const [columns, rows] = [Math.ceil(widthPx / cellPx), Math.ceil(heightPx / cellPx)];
  if (mask.marked.length < columns * rows) mask.marked = new Uint8Array(columns * rows);
  mask.marked.fill(0);
  Object.assign(mask, { cellPx, columns, rows });
  for (let i = 0; i < count; i++) {
    // in cells
    const x = xyPx[2 * i] / cellPx;
    const y = xyPx[2 * i + 1] / cellPx;
    const top = Math.max(0, Math.floor(y - CELLS_PER_RADIUS));
    const bottom = Math.min(rows - 1, Math.floor(y + CELLS_PER_RADIUS));
    for (let row = top; row <= bottom; row++) {
      const off = Math.max(0, row - y, y - row - 1);
      const half = Math.sqrt(Math.max(0, CELLS_PER_RADIUS * CELLS_PER_RADIUS - off * off));
      const end = row * columns + Math.min(columns - 1, Math.floor(x + half));
      for (let at = row * columns + Math.max(0, Math.floor(x - half)); at <= end; at++) mask.marked[at] = 1;
    }
  }
}

/** False: no keypoint is within the radius of this pixel, which lies inside the image. True: there may be one. */
export const isNearKeypoint = ({ cellPx, columns, marked }: NearMask, xPx: number, yPx: number): boolean =>
  marked[Math.floor(yPx / cellPx) * columns + Math.floor(xPx / cellPx)] === 1;
