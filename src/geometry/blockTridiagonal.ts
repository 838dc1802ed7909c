/** A symmetric positive definite system whose blocks touch only their neighbours: what a chain of poses gives. */
export interface ChainSystem {
  readonly blockSize: number;
  readonly capacity: number;
  /** [capacity x n x n] row-major diagonal blocks; the factor after `factorChain`. */
  readonly diagonal: Float64Array;
  /** [capacity x n x n] block (i, i - 1) at i; the factor after `factorChain`. */
  readonly below: Float64Array;
  /** [capacity x n] right side; the solution after `solveChain`. */
  readonly vector: Float64Array;
}

export function createChainSystem(blockSize: number, capacity: number): ChainSystem {
  return {
    blockSize,
    capacity,
    diagonal: new Float64Array(capacity * blockSize * blockSize),
    below: new Float64Array(capacity * blockSize * blockSize),
    vector: new Float64Array(capacity * blockSize),
  };
}

/** Cholesky factor in place, block after block: O(count n^3), nothing fills in. Allocates nothing.
 * @returns false where the matrix is not positive definite */
export function factorChain(system: ChainSystem, count: number): boolean {
  const { blockSize: n, diagonal: d, below: b } = system;
  for (let block = 0; block < count; block++) {
    const at = block * n * n;
    if (block > 0) {
      solveRows(d, at - n * n, b, at, n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++) {
          let sum = d[at + i * n + j];
          for (let k = 0; k < n; k++) sum -= b[at + i * n + k] * b[at + j * n + k];
          d[at + i * n + j] = sum;
        }
    }
    if (!factorAt(d, at, n)) return false;
  }
  return true;
}

/** Rows of the block at `atB` times L^-T, L the lower factor at `atL`. */
function solveRows(l: Float64Array, atL: number, b: Float64Array, atB: number, n: number): void {
  for (let row = atB; row < atB + n * n; row += n)
    for (let j = 0; j < n; j++) {
      let sum = b[row + j];
      for (let k = 0; k < j; k++) sum -= b[row + k] * l[atL + j * n + k];
      b[row + j] = sum / l[atL + j * n + j];
    }
}

function factorAt(a: Float64Array, at: number, n: number): boolean {
  for (let j = 0; j < n; j++) {
    const rowJ = at + j * n;
    let pivot = a[rowJ + j];
    for (let k = 0; k < j; k++) pivot -= a[rowJ + k] * a[rowJ + k];
    if (!(pivot > 0)) return false;
    const root = Math.sqrt(pivot);
    a[rowJ + j] = root;
    for (let i = j + 1; i < n; i++) {
      const rowI = at + i * n;
      let sum = a[rowI + j];
      for (let k = 0; k < j; k++) sum -= a[rowI + k] * a[rowJ + k];
      a[rowI + j] = sum / root;
    }
  }
  return true;
}

/** Solves in place after `factorChain`. Allocates nothing. */
export function solveChain(system: ChainSystem, count: number): void {
  const { blockSize: n, diagonal: d, below: b, vector: x } = system;
  for (let block = 0; block < count; block++) {
    const at = block * n * n;
    for (let i = 0; i < n; i++) {
      let sum = x[block * n + i];
      if (block > 0) for (let k = 0; k < n; k++) sum -= b[at + i * n + k] * x[(block - 1) * n + k];
      for (let k = 0; k < i; k++) sum -= d[at + i * n + k] * x[block * n + k];
      x[block * n + i] = sum / d[at + i * n + i];
    }
  }
  for (let block = count - 1; block >= 0; block--) {
    const at = block * n * n;
    for (let i = n - 1; i >= 0; i--) {
      let sum = x[block * n + i];
      if (block < count - 1)
        for (let k = 0; k < n; k++) sum -= b[at + n * n + k * n + i] * x[(block + 1) * n + k];
      for (let k = i + 1; k < n; k++) sum -= d[at + k * n + i] * x[block * n + k];
      x[block * n + i] = sum / d[at + i * n + i];
    }
  }
}

/** The last block of the inverse, row-major [n x n], after `factorChain`: the covariance of the newest variable. Allocates. */
export function lastCovariance({ blockSize: n, diagonal: d }: ChainSystem, count: number): Float64Array {
  const at = (count - 1) * n * n;
  const out = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    for (let i = 0; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = 0; k < i; k++) sum -= d[at + i * n + k] * out[k * n + column];
      out[i * n + column] = sum / d[at + i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = out[i * n + column];
      for (let k = i + 1; k < n; k++) sum -= d[at + k * n + i] * out[k * n + column];
      out[i * n + column] = sum / d[at + i * n + i];
    }
  }
  return out;
}
