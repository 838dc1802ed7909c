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

/** Rows of whole numbers on two sides, to take dot products between, a few nanoseconds each. The left ones stay until
 * others are loaded. What loads and reserves may replace `list`, `dots` and `bytes`: do not keep them. */
export interface RowDots {
  /** [right rows] numbers of right rows, to be filled in by the caller, ... */
  list: Int32Array;
  /** ... and their dot products. */
  dots: Int32Array;
  /** All of `memory`. */
  bytes: Int8Array;
  readonly memory: Memory;
  readonly run: Dots;
  /** Numbers in a row. */
  dim: number;
  /** Bytes a row takes: whole blocks of sixteen, zeros at its end. */
  stride: number;
  /** Left rows there is room for, from byte 0 on. */
  leftRows: number;
  /** Bytes before `dots`, and before the right rows. */
  dotsAt: number;
  rightAt: number;
}

export function createRowDots(): RowDots {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(DOT_PROGRAM), { kernels: { memory } });
  const empty = new Int32Array(0);
  return {
    ...{ list: empty, dots: empty, bytes: new Int8Array(memory.buffer), memory, run: exports.dots },
    ...{ dim: 0, stride: 0, leftRows: 0, dotsAt: 0, rightAt: 0 },
  };
}

/** Room for left rows; what was loaded is gone. Allocates only where they are more than ever before, or of another
 * length. @param dim numbers in a row, of either side */
export function reserveLeft(to: RowDots, count: number, dim: number): void {
  const isRoom = dim === to.dim && count <= to.leftRows;
  if (isRoom) return;
  to.dim = dim;
  to.stride = Math.max(BLOCK_BYTES, (dim + BLOCK_BYTES - 1) & -BLOCK_BYTES);
  to.leftRows = Math.ceil(1.5 * count);
  placeRight(to, to.list.length);
}

/** Copies left rows [at, at + count) from row `from` of `rows` on. */
export function loadLeft(to: RowDots, at: number, rows: Int8Array, from: number, count: number): void {
  copyRows(to, at * to.stride, rows, from, count);
}

/** Copies the right rows [0, count), as long as the left ones. Allocates only where they are another number than before. */
export function loadRight(to: RowDots, rows: Int8Array, count: number): void {
  if (to.list.length !== count) placeRight(to, count);
  copyRows(to, to.rightAt, rows, 0, count);
}

const BLOCK_BYTES = 16;

function copyRows({ bytes, dim, stride }: RowDots, at: number, rows: Int8Array, from: number, count: number) {
  if (stride === dim) bytes.set(rows.subarray(from * dim, (from + count) * dim), at);
  else
    for (let row = 0; row < count; row++) {
      const end = at + row * stride;
      bytes.set(rows.subarray((from + row) * dim, (from + row + 1) * dim), end);
      bytes.fill(0, end + dim, end + stride);
    }
}

/** Left rows, list, dot products, right rows. */
function placeRight(to: RowDots, count: number): void {
  const listAt = to.leftRows * to.stride;
  to.dotsAt = listAt + 4 * count;
  to.rightAt = (to.dotsAt + 4 * count + BLOCK_BYTES - 1) & -BLOCK_BYTES;
  const missing = to.rightAt + count * to.stride - to.memory.buffer.byteLength;
  if (missing > 0) to.memory.grow(Math.ceil(missing / PAGE_BYTES));
  const { buffer } = to.memory;
  to.bytes = new Int8Array(buffer);
  to.list = new Int32Array(buffer, listAt, count);
  to.dots = new Int32Array(buffer, to.dotsAt, count);
}

/** Dot products of a left row with the right ones that `list` names first, to `dots`. Allocates nothing. */
export function dotListed(
  { run, leftRows, stride, rightAt, dotsAt }: RowDots,
  row: number,
  listed: number,
): void {
  const listAt = leftRows * stride;
  run(row * stride, listAt, listAt + 4 * listed, rightAt, stride, dotsAt);
}
