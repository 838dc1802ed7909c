import { PosestreamError } from '../domain/errors.js';

/** Reference rows kept in the engine thread. Int8 rows are unit rows x 127. */
export interface ReferenceRows {
  readonly rows: Float32Array | Int8Array;
  readonly dim: number;
}

/** Rows that are matched in one run: bounds memory, and the block of dot products stays in the cache. Measured
 * from 256 to 10 240 rows: 2048 is the fastest, by up to a quarter. */
export const CHUNK_ROWS = 2048;

export const rowCount = ({ rows, dim }: ReferenceRows): number => rows.length / dim;

/** Number of rows that spans select. @throws PosestreamError E_ENGINE where a span leaves the set */
export function spanRows(set: ReferenceRows, spans: Uint32Array): number {
  const rows = rowCount(set);
  let total = 0;
  for (let s = 0; s + 1 < spans.length; s += 2) {
    if (spans[s] > spans[s + 1] || spans[s + 1] > rows)
      throw new PosestreamError(
        'E_ENGINE',
        `Span [${spans[s]}, ${spans[s + 1]}) leaves a set of ${rows} rows.`,
      );
    total += spans[s + 1] - spans[s];
  }
  if (spans.length % 2 === 1) throw new PosestreamError('E_ENGINE', 'Spans come in pairs of start and end.');
  return total;
}

/** The rows that spans select, concatenated and cut into equal chunks of at most `CHUNK_ROWS`, in order. A chunk that
 * lies within one span is a view; others are copied into `scratch`, valid until the next chunk is asked for.
 * @param scratch  at least CHUNK_ROWS * dim, same type as the set */
export function* spanChunks<T extends Float32Array | Int8Array>(
  rows: T,
  dim: number,
  spans: Uint32Array,
  total: number,
  scratch: T,
): Generator<T> {
  const chunks = Math.ceil(total / CHUNK_ROWS);
  const cursor = { span: 0, row: spans[0] ?? 0 };
  for (let c = 0; c < chunks; c++) {
    const size = Math.floor(((c + 1) * total) / chunks) - Math.floor((c * total) / chunks);
    yield takeRows(rows, dim, spans, cursor, size, scratch);
  }
}

function takeRows<T extends Float32Array | Int8Array>(
  rows: T,
  dim: number,
  spans: Uint32Array,
  cursor: { span: number; row: number },
  size: number,
  scratch: T,
): T {
  let taken = 0;
  while (taken < size) {
    const run = Math.min(size - taken, spans[cursor.span + 1] - cursor.row);
    const part = rows.subarray(cursor.row * dim, (cursor.row + run) * dim) as T;
    cursor.row += run;
    if (cursor.row === spans[cursor.span + 1]) {
      cursor.span += 2;
      cursor.row = spans[cursor.span] ?? 0;
    }
    if (run === size) return part;
    scratch.set(part, taken * dim);
    taken += run;
  }
  return scratch.subarray(0, size * dim) as T;
}

/** Copies of single rows, numbered as they count through the spans. Cost O(rows log spans). */
export function pickRows(
  { rows, dim }: ReferenceRows,
  spans: Uint32Array,
  wanted: readonly number[],
): Float32Array | Int8Array {
  const firsts = new Uint32Array(spans.length / 2 + 1);
  for (let s = 0; 2 * s < spans.length; s++) firsts[s + 1] = firsts[s] + spans[2 * s + 1] - spans[2 * s];
  const size = wanted.length * dim;
  const out = rows instanceof Int8Array ? new Int8Array(size) : new Float32Array(size);
  wanted.forEach((row, i) => {
    const span = spanOf(firsts, row);
    const from = (spans[2 * span] + row - firsts[span]) * dim;
    out.set(rows.subarray(from, from + dim), i * dim);
  });
  return out;
}

/** The span that holds a row: the last one that begins at or before it. */
function spanOf(firsts: Uint32Array, row: number): number {
  let [low, high] = [0, firsts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (firsts[middle] <= row) low = middle;
    else high = middle;
  }
  return low;
}
