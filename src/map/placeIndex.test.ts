import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallMap, smallVladMap } from '../../test/mapFuzzFixtures.js';
import { PosestreamError } from '../domain/errors.js';
import type { Engine, Retrieved } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import { createRandom } from '../kernels/random.js';
import { storeGlobals } from './build/globals.js';
import { loadHnsw } from './hnswIndex.js';
import { createPlaceIndex } from './placeIndex.js';
import { projectGlobal } from './projectGlobal.js';
import { aggregate, projectionOf } from './vlad.js';

const GLOBAL_DIM = 24;

function randomRows(count: number, seed: number): Float32Array[] {
  const random = createRandom(seed);
  // Rows that vary in 6 directions only, so that PCA has something to leave out.
  const axes = Array.from({ length: 6 }, () =>
    Float32Array.from({ length: GLOBAL_DIM }, () => random.normal()),
  );
  return Array.from({ length: count }, () => {
    const row = new Float32Array(GLOBAL_DIM);
    for (const axis of axes) {
      const weight = random.normal();
      for (let d = 0; d < GLOBAL_DIM; d++) row[d] += weight * axis[d] + 0.01 * random.normal();
    }
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
}

/** A map with nothing but keyframes' global descriptors. */
function mapOf(rows: readonly Float32Array[], pcaFrom: number): MapModel {
  const small = smallMap();
  const { globals, dim, pca } = storeGlobals(rows, GLOBAL_DIM, pcaFrom);
  return {
    ...small,
    sha256: '0'.repeat(64),
    header: { ...small.header, pca, model: { ...small.header.model, globalDim: GLOBAL_DIM } },
    keyframes: { ...small.keyframes, count: rows.length, globals, globalDim: dim },
  };
}

/** The two calls of an engine that exact search needs, as plain loops. */
function loopEngine(): Engine & { readonly calls: string[] } {
  const sets = new Map<string, { rows: Float32Array; dim: number }>();
  const calls: string[] = [];
  const unused = async () => assert.fail('not used here');
  return {
    calls,
    model: smallMap().header.model,
    extract: unused,
    match: unused,
    assign: unused,
    store: async (id, rows, dim) => {
      calls.push(`store ${id}`);
      sets.set(id, { rows: Float32Array.from(rows), dim });
    },
    retrieve: async (query, id, k): Promise<Retrieved> => {
      calls.push('retrieve');
      const { rows, dim } = sets.get(id)!;
      const scores = Array.from({ length: rows.length / dim }, (_, row) => ({
        row,
        score: query.reduce((sum, value, d) => sum + value * rows[row * dim + d], 0),
      })).sort((a, b) => b.score - a.score);
      const best = scores.slice(0, k);
      return { ids: Int32Array.from(best, (s) => s.row), scores: Float32Array.from(best, (s) => s.score) };
    },
    close: async () => undefined,
  };
}

test('every keyframe finds itself first, with and without PCA', async () => {
  const rows = randomRows(100, 5);
  for (const pcaFrom of [1000, 1]) {
    const map = mapOf(rows, pcaFrom);
    assert.equal(map.header.pca === null, pcaFrom === 1000);
    if (map.header.pca !== null) assert.ok(map.header.pca.outputDim <= 8, `${map.header.pca.outputDim}`);
    const places = await createPlaceIndex(map, loopEngine());
    assert.equal(places.kind, 'exact');
    for (const [k, row] of rows.entries()) {
      const found = await places.search(row, 3);
      assert.equal(found.ids[0], k);
      assert.ok(found.scores[0] > 0.9999 && found.ids.length === 3);
    }
  }
});

test('PCA keeps the order of what is similar', async () => {
  const rows = randomRows(200, 6);
  const raw = await createPlaceIndex(mapOf(rows, 1000), loopEngine());
  const reduced = await createPlaceIndex(mapOf(rows, 1), loopEngine());
  let common = 0;
  for (const query of randomRows(20, 7)) {
    const expected = new Set((await raw.search(query, 10)).ids);
    common += (await reduced.search(query, 10)).ids.filter((id) => expected.has(id)).length;
  }
  assert.ok(common > 100, `${common} of 200`);
});

test('HNSW agrees with exact search', async (context) => {
  if ((await loadHnsw()) === null) return context.skip('hnswlib-node is not installed');
  const rows = randomRows(600, 8);
  const engine = loopEngine();
  const exact = await createPlaceIndex(mapOf(rows, 1000), engine);
  const graph = await createPlaceIndex(mapOf(rows, 1000), engine, { kind: 'hnsw' });
  const again = await createPlaceIndex(mapOf(rows, 1000), engine, { kind: 'hnsw' });
  assert.equal(graph.kind, 'hnsw');
  let common = 0;
  for (const query of randomRows(50, 9)) {
    const expected = new Set((await exact.search(query, 10)).ids);
    const found = await graph.search(query, 10);
    assert.deepEqual(found, await again.search(query, 10));
    common += found.ids.filter((id) => expected.has(id)).length;
    for (let i = 1; i < 10; i++) assert.ok(found.scores[i] <= found.scores[i - 1]);
  }
  assert.ok(common >= 490, `${common} of 500`);
});

test('what cannot be searched is not searched', async () => {
  const engine = loopEngine();
  const places = await createPlaceIndex(mapOf(randomRows(10, 1), 1000), engine);
  assert.equal((await places.search(new Float32Array(GLOBAL_DIM), 5)).ids.length, 0);
  assert.equal((await places.search(new Float32Array(GLOBAL_DIM).fill(1), 50)).ids.length, 10);
  const refused = (code: string) => (e: unknown) => e instanceof PosestreamError && e.code === code;
  await assert.rejects(
    places.search(new Float32Array(GLOBAL_DIM).fill(Number.NaN), 5),
    refused('E_MODEL_NONFINITE'),
  );
  await assert.rejects(places.search(new Float32Array(3), 5), refused('E_ENGINE'));
  assert.deepEqual(engine.calls, ['store map/globals', 'retrieve']);
});

test('where a VLAD stands in, images are described by it and find themselves', async () => {
  const small = smallVladMap();
  const { vlad } = small;
  assert.ok(vlad !== undefined);
  const dim = small.observations.dim;
  const assigned = {
    sums: Float32Array.from({ length: 2 * dim }, (_, i) => i),
    counts: Float32Array.of(3, 2),
  };
  const engine: Engine = { ...loopEngine(), assign: async () => assigned };
  const features = { ...{ count: 5, dim, global: null }, ...rowsOf(5, dim) };
  const raw = await aggregate(features, vlad, engine.assign);
  const globals = new Float32Array(9);
  globals.set(projectGlobal(raw, projectionOf(vlad)), 3);
  const map = { ...small, sha256: '0'.repeat(64), keyframes: { ...small.keyframes, globals } };
  const places = await createPlaceIndex(map, engine);
  const described = await places.describe(features);
  assert.deepEqual(described, raw);
  const found = await places.search(raw, 1);
  assert.equal(found.ids[0], 1);
  assert.ok(found.scores[0] > 0.9999);
});

const rowsOf = (count: number, dim: number) => ({
  xyPx: new Float32Array(2 * count),
  scores: new Float32Array(count),
  descriptors: new Float32Array(count * dim).fill(0.5),
});

test('a network with a head of its own is asked for nothing else', async () => {
  const places = await createPlaceIndex(mapOf(randomRows(5, 1), 1000), loopEngine());
  const global = new Float32Array(GLOBAL_DIM).fill(1);
  assert.equal(await places.describe({ ...{ count: 1, dim: 4, global }, ...rowsOf(1, 4) }), global);
});
