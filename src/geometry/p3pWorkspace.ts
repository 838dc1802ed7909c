/** Numbers travel between the steps in arrays: handed over as arguments, each would be allocated. */
export interface P3pWorkspace {
  /** Squared distances a12 a13 a23, cosines m12 m13 m23, squared sines s12 s13 s23. */
  readonly triangle: Float64Array;
  /** Of the determinant of C1 + sigma C2, lowest power first. */
  readonly cubic: Float64Array;
  /** Degenerate conic d00 d01 d02 d11 d12 d22, then the rank-1 matrix it splits from (9). */
  readonly split: Float64Array;
  /** Two lines l0 x + l1 y + l2 = 0. */
  readonly lines: Float64Array;
  /** x^2, xy, y^2, x, y, 1 of the conic the lines are cut with. */
  readonly conic: Float64Array;
  /** Up to four (d1, d2, d3). */
  readonly depths: Float64Array;
  /** Row-major inverse of [X1-X2, X1-X3, their cross product]. */
  readonly frame: Float64Array;
}

export function createP3pWorkspace(): P3pWorkspace {
  return {
    triangle: new Float64Array(9),
    cubic: new Float64Array(4),
    split: new Float64Array(15),
    lines: new Float64Array(6),
    conic: new Float64Array(6),
    depths: new Float64Array(12),
    frame: new Float64Array(9),
  };
}
