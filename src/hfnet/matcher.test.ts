import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRandom } from '../kernels/random.js';
import { createMatcher } from './matcher.js';
import { CHUNK_ROWS } from './references.js';
import { createRetriever } from './retriever.js';
import { normaliseRows } from './selectKeypoints.js';

const DIM = 16;
const matcher = createMatcher(1);
const retriever = createRetriever(1);
after(() => Promise.all([matcher.release(), retriever.release()]));

function unitRows(seed: number, n: number): Float32Array {
  const random = createRandom(seed);
  const rows = Float32Array.from({ length: n * DIM }, () => random.normal());
  normaliseRows(rows, DIM);
  return rows;
}

/** Dot products [n x m], the plain way. */
function dots(query: Float32Array, ref: ArrayLike<number>, scale: number): number[][] {
  const out: number[][] = [];
  for (let i = 0; i < query.length / DIM; i++) {
    out.push([]);
    for (let j = 0; j < ref.length / DIM; j++) {
      let sum = 0;
      for (let d = 0; d < DIM; d++) sum += query[i * DIM + d] * ref[j * DIM + d] * scale;
      out[i].push(sum);
    }
  }
  return out;
}

const argMax = (values: readonly number[]): number => values.indexOf(Math.max(...values));

for (const [n, m] of [
  [1, 2],
  [7, 1],
  [50, 300],
  [20, CHUNK_ROWS + 1],
  [5, 3 * CHUNK_ROWS - 1],
])
  for (const type of ['float32', 'int8'])
    test(`match of ${n} x ${m} ${type} rows equals plain loops`, async () => {
      const query = unitRows(n, n);
      const float = unitRows(m + 1, m);
      const rows = type === 'int8' ? Int8Array.from(float, (v) => Math.round(v * 127)) : float;
      const expected = dots(query, rows, type === 'int8' ? 1 / 127 : 1);
      const got = await matcher.match(query, { rows, dim: DIM }, Uint32Array.of(0, m));
      for (let i = 0; i < n; i++) {
        const sorted = expected[i].map((v, j) => [v, j]).sort((a, b) => b[0] - a[0]);
        for (let k = 0; k < 2; k++) {
          const index = got.index[2 * i + k];
          if (k >= m) assert.deepEqual([index, got.dot[2 * i + k]], [-1, 0]);
          else {
            assert.ok(Math.abs(got.dot[2 * i + k] - sorted[k][0]) < 1e-5);
            assert.ok(Math.abs(expected[i][index] - sorted[k][0]) < 1e-5);
          }
        }
      }
      assert.equal(got.refBest.length, m);
      for (let j = 0; j < m; j++) {
        const best = argMax(expected.map((row) => row[j]));
        assert.equal(got.refBest[j], argMax(expected[best]) === j ? best : -1, `row ${j}`);
      }
    });

test('spans count through the stored rows', async () => {
  const rows = unitRows(2, 100);
  const query = rows.slice(40 * DIM, 42 * DIM);
  const got = await matcher.match(query, { rows, dim: DIM }, Uint32Array.of(90, 95, 10, 10, 38, 45));
  assert.deepEqual([got.index[0], got.index[2]], [5 + 2, 5 + 3]);
  assert.equal(got.refBest.length, 12);
});

test('ties go to the earlier row, also across chunks', async () => {
  const row = unitRows(5, 1);
  const rows = new Float32Array((CHUNK_ROWS + 10) * DIM);
  for (let i = 0; i < rows.length; i += DIM) rows.set(row, i);
  const got = await matcher.match(row, { rows, dim: DIM }, Uint32Array.of(0, CHUNK_ROWS + 10));
  assert.deepEqual([...got.index], [0, 1]);
});

test('nothing against something, something against nothing', async () => {
  const set = { rows: unitRows(1, 5), dim: DIM };
  const none = await matcher.match(new Float32Array(0), set, Uint32Array.of(0, 5));
  assert.deepEqual([none.index.length, [...none.refBest]], [0, [-1, -1, -1, -1, -1]]);
  const empty = await matcher.match(unitRows(2, 2), set, Uint32Array.of(3, 3));
  assert.deepEqual([[...empty.index], empty.refBest.length], [[-1, -1, -1, -1], 0]);
});

test('a NaN in a query is an error, not a match', async () => {
  const query = unitRows(1, 3);
  query[DIM] = Number.NaN;
  const set = { rows: unitRows(2, 5), dim: DIM };
  await assert.rejects(matcher.match(query, set, Uint32Array.of(0, 5)), { code: 'E_MODEL_NONFINITE' });
  await assert.rejects(retriever.retrieve(query.slice(DIM, 2 * DIM), set, 2), { code: 'E_MODEL_NONFINITE' });
});

test('retrieve gives the k best, clamped to what there is', async () => {
  const rows = unitRows(3, 500);
  const query = unitRows(4, 1);
  const all = dots(query, rows, 1)[0];
  const order = all.map((_, i) => i).sort((a, b) => all[b] - all[a]);
  const got = await retriever.retrieve(query, { rows, dim: DIM }, 10);
  assert.deepEqual([...got.ids], order.slice(0, 10));
  got.scores.forEach((s, i) => {
    assert.ok(Math.abs(s - all[order[i]]) < 1e-5);
  });
  const few = await retriever.retrieve(query, { rows: rows.slice(0, 3 * DIM), dim: DIM }, 10);
  assert.equal(few.ids.length, 3);
  const none = await retriever.retrieve(query, { rows: new Float32Array(0), dim: DIM }, 10);
  assert.equal(none.ids.length, 0);
});
