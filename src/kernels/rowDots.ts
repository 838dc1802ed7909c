import { DOT_PROGRAM } from './dotProgram.js';

/** The few words of WebAssembly that are used here: the language's own types know none. */
interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly kernels: { readonly memory: Memory } },
  ) => { readonly exports: { readonly dots: Dots } };
};
type Dots = (left: number, list: number, end: number, rows: number, stride: number, out: number) => void;

const PAGE_BYTES = 65_536;

/** Rows of whole numbers to take dot products with, a few nanoseconds each. */
export interface RowDots {
  /** [loaded rows] numbers of rows, to be filled in by the caller, ... */
  list: Int32Array;
  /** ... and their dot products. */
  dots: Int32Array;
  bytes: Int8Array;
  words: Int32Array;
  readonly memory: Memory;
  readonly run: Dots;
  dim: number;
  /** Bytes a row takes: whole blocks of eight, zeros at its end. */
  stride: number;
  dotsAt: number;
  leftAt: number;
  rowsAt: number;
}

export function createRowDots(): RowDots {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(DOT_PROGRAM), { kernels: { memory } });
  const empty = new Int32Array(0);
  return {
    ...{ list: empty, dots: empty, bytes: new Int8Array(memory.buffer), words: empty },
    ...{ memory, run: exports.dots },
    ...{ dim: 0, stride: 0, dotsAt: 0, leftAt: 0, rowsAt: 0 },
  };
}

/** Takes a copy of rows. Allocates only where they are more than ever before, or of another number. */
export function loadRows(to: RowDots, rows: Int8Array, count: number, dim: number): void {
  const stride = Math.max(8, (dim + 7) & -8);
  if (to.list.length !== count || to.stride !== stride) reserve(to, count, stride);
  to.dim = dim;
  if (stride === dim) to.bytes.set(rows.subarray(0, count * dim), to.rowsAt);
  else {
    to.bytes.fill(0, to.leftAt);
    for (let row = 0; row < count; row++)
      to.bytes.set(rows.subarray(row * dim, (row + 1) * dim), to.rowsAt + row * stride);
  }
}

/** List, dot products, the left row, the rows. */
function reserve(to: RowDots, count: number, stride: number): void {
  to.stride = stride;
  to.dotsAt = 4 * count;
  to.leftAt = (8 * count + 15) & -16;
  to.rowsAt = to.leftAt + stride;
  const missing = to.rowsAt + count * stride - to.memory.buffer.byteLength;
  if (missing > 0) to.memory.grow(Math.ceil(missing / PAGE_BYTES));
  const { buffer } = to.memory;
  to.bytes = new Int8Array(buffer);
  to.words = new Int32Array(buffer);
  to.list = new Int32Array(buffer, 0, count);
  to.dots = new Int32Array(buffer, to.dotsAt, count);
}

/** Rows to be taken one after another as the left side; as long as the loaded ones. */
export interface LeftRows {
  readonly bytes: Int8Array;
  /** The same four bytes at a time, where they lie so that this is possible. */
  readonly words: Int32Array | null;
}

export function leftRows(bytes: Int8Array, dim: number): LeftRows {
  const { buffer, byteOffset, byteLength } = bytes;
  const fits = byteOffset % 4 === 0 && dim % 4 === 0;
  return { bytes, words: fits ? new Int32Array(buffer, byteOffset, byteLength >> 2) : null };
}

/** Dot products of one left row with the loaded rows that `list` names first, to `dots`. Allocates nothing. */
export function dotListed(to: RowDots, { bytes, words }: LeftRows, row: number, listed: number): void {
  const { leftAt, dim } = to;
  if (words !== null) {
    const [at, from, end] = [leftAt >> 2, (row * dim) >> 2, dim >> 2];
    for (let i = 0; i < end; i++) to.words[at + i] = words[from + i];
  } else for (let i = 0; i < dim; i++) to.bytes[leftAt + i] = bytes[row * dim + i];
  to.run(leftAt, 0, 4 * listed, to.rowsAt, to.stride, to.dotsAt);
}
