/** The one WebAssembly function of the kernels, spelt out: dot products of one row of bytes with many others. Written by
 * hand as it is forty instructions long; a compiler for it would be a tool more to build with.
 *
 *   dots(left, list, end, rows, stride, out):
 *     for (; list < end; list += 4, out += 4)
 *       out[0] = sum over stride of left[i] * rows[list[0] * stride + i]
 *
 * All six are byte addresses but `stride`, the bytes of a row, a multiple of sixteen above zero. */

const [I32, V128] = [0x7f, 0x7b];
const [LEFT, LIST, END, ROWS, STRIDE, OUT, A, B, STOP] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const [SUM, LEFTS, RIGHTS] = [9, 10, 11];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const number = (value: number) => [0x41, value];
const [ADD, MULTIPLY, LESS, NOT_LESS] = [0x6a, 0x6c, 0x49, 0x4f];
const load = [0x28, 2, 0];
const store = [0x36, 2, 0];
const branchIf = (depth: number) => [0x0d, depth];
const branch = (depth: number) => [0x0c, depth];
const [BLOCK, LOOP, END_OF] = [[0x02, 0x40], [0x03, 0x40], [0x0b]];
const loadSixteen = [0xfd, 0x00, 0, 0];
/** Eight bytes widened to sixteen bits each. */
const widenLow = [0xfd, 0x87, 0x01];
const widenHigh = [0xfd, 0x88, 0x01];
const zeros = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
/** Neighbouring products added to four sums. */
const dotPairs = [0xfd, 0xba, 0x01];
const addSums = [0xfd, 0xae, 0x01];
const lane = (i: number) => [...get(SUM), 0xfd, 0x1b, i];

const advance = (local: number, bytes: number) => [...get(local), ...number(bytes), ADD, ...set(local)];

const oneRow = [
  ...[...get(ROWS), ...get(LIST), ...load, ...get(STRIDE), MULTIPLY, ADD, ...set(B)],
  ...[...get(LEFT), ...set(A), ...get(LEFT), ...get(STRIDE), ADD, ...set(STOP)],
  ...[...zeros, ...set(SUM)],
  ...LOOP,
  ...[...get(A), ...loadSixteen, ...set(LEFTS), ...get(B), ...loadSixteen, ...set(RIGHTS)],
  ...[...get(LEFTS), ...widenLow, ...get(RIGHTS), ...widenLow, ...dotPairs, ...get(SUM), ...addSums],
  ...[...get(LEFTS), ...widenHigh, ...get(RIGHTS), ...widenHigh, ...dotPairs, ...addSums, ...set(SUM)],
  ...[...advance(A, 16), ...advance(B, 16), ...get(A), ...get(STOP), LESS, ...branchIf(0)],
  ...END_OF,
  ...[...get(OUT), ...lane(0), ...lane(1), ADD, ...lane(2), ...lane(3), ADD, ADD, ...store],
];

const body = [
  ...[2, 3, I32, 3, V128],
  ...BLOCK,
  ...LOOP,
  ...[...get(LIST), ...get(END), NOT_LESS, ...branchIf(1)],
  ...oneRow,
  ...[...advance(OUT, 4), ...advance(LIST, 4), ...branch(0)],
  ...END_OF,
  ...END_OF,
  ...END_OF,
];

/** A length in seven-bit groups. */
const length = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...length(value >> 7)];
const sized = (bytes: readonly number[]) => [...length(bytes.length), ...bytes];
const name = (text: string) => sized([...text].map((letter) => letter.charCodeAt(0)));
const section = (id: number, bytes: readonly number[]) => [id, ...sized(bytes)];

/** Imports its memory as `kernels.memory`, exports `dots`. */
export const DOT_PROGRAM = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]),
  ...section(2, [1, ...name('kernels'), ...name('memory'), 0x02, 0x00, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...name('dots'), 0x00, 0]),
  ...section(10, [1, ...sized(body)]),
]);
