import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../kernels/random.js';
import { CHUNK_ROWS, spanChunks, spanRows } from './references.js';

const DIM = 3;
const rowsOf = (count: number) => Float32Array.from({ length: count * DIM }, (_, i) => i);

function naive(rows: Float32Array, spans: Uint32Array): number[] {
  const out: number[] = [];
  for (let s = 0; s < spans.length; s += 2) out.push(...rows.subarray(spans[s] * DIM, spans[s + 1] * DIM));
  return out;
}

test('chunks are the spans, concatenated, whatever their lengths', () => {
  const random = createRandom(1);
  for (let round = 0; round < 300; round++) {
    const count = 1 + random.integer(3 * CHUNK_ROWS);
    const rows = rowsOf(count);
    const ends = Array.from({ length: 1 + random.integer(6) }, () => [
      random.integer(count + 1),
      random.integer(count + 1),
    ]);
    const spans = Uint32Array.from(ends.flatMap(([a, b]) => [Math.min(a, b), Math.max(a, b)]));
    const total = spanRows({ rows, dim: DIM }, spans);
    const scratch = new Float32Array(CHUNK_ROWS * DIM);
    const got: number[] = [];
    for (const chunk of spanChunks(rows, DIM, spans, total, scratch)) {
      assert.ok(chunk.length > 0 && chunk.length <= CHUNK_ROWS * DIM);
      for (const v of chunk) got.push(v);
    }
    assert.deepEqual(got, naive(rows, spans));
  }
});

test('no chunk of one row where there are two', () => {
  for (const total of [2, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 1]) {
    const rows = rowsOf(total);
    const scratch = new Float32Array(CHUNK_ROWS * DIM);
    for (const chunk of spanChunks(rows, DIM, Uint32Array.of(0, total), total, scratch))
      assert.ok(chunk.length >= 2 * DIM);
  }
});

test('a chunk within one span is a view, not a copy', () => {
  const rows = rowsOf(50);
  const [chunk] = spanChunks(rows, DIM, Uint32Array.of(10, 20), 10, new Float32Array(CHUNK_ROWS * DIM));
  assert.equal(chunk.buffer, rows.buffer);
});

test('a span outside the set, backwards or cut off is refused', () => {
  const set = { rows: rowsOf(10), dim: DIM };
  for (const spans of [
    [0, 11],
    [5, 4],
    [12, 12],
    [0, 3, 4],
  ])
    assert.throws(() => spanRows(set, Uint32Array.from(spans)), { code: 'E_ENGINE' });
});
