import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareWith } from '../bench/baseline.js';
import { type BenchRow, benchRow } from '../bench/benchRow.js';
import { descriptorPair, loopNearest } from '../bench/descriptors.js';
import { generateDrive } from '../bench/generatedDrive.js';
import { nearestKeyframes } from '../bench/nearestKeyframes.js';
import { formatTable, passes } from '../bench/table.js';
import { takeTurnsKeeping } from '../bench/timing.js';
import { createRandom } from '../src/kernels/random.js';
import { decodeMap, encodeMap } from '../src/map/container.js';

const row = (figures: Partial<BenchRow>): BenchRow =>
  benchRow({
    ...{ name: 'row', unit: 'ms', ours: 2, peer: 8, peerName: 'peer' },
    correct: { what: 'solved', ours: 9, peer: 10, of: 10 },
    ...figures,
  });

test('a bar is held by its own figure, on the machine it was stated for', () => {
  assert.equal(row({}).ratio, 0.25);
  assert.equal(passes(row({})), null);
  assert.equal(passes(row({ bar: { of: 'ratio', limit: 'at most', value: 0.5 } })), true);
  assert.equal(passes(row({ bar: { of: 'ours', limit: 'at least', value: 3 } })), false);
  assert.equal(passes(row({ bar: { of: 'ours', limit: 'at least', value: 3, applies: false } })), null);
});

test('the table shows what both got right', () => {
  const text = formatTable([row({ bar: { of: 'ratio', limit: 'at most', value: 0.1 } })]);
  assert.match(text, /0\.250×.*≤ 0\.1× ✗.*9\/10.*10\/10/);
});

test('an earlier run is compared ratio by ratio', () => {
  const before = { machine: 'slow', rows: [{ name: 'row', ours: 40, ratio: 0.125, unit: 'ms' }] };
  assert.match(compareWith(before, [row({})]), /row: × 2\.00 {2}<< \(0\.250 now, 0\.125 then\)/);
  assert.doesNotMatch(compareWith(before, [row({ name: 'new' })]), /new/);
});

test('contestants take turns and the first round is not counted', async () => {
  const order: string[] = [];
  const { ms, results } = await takeTurnsKeeping<'a' | 'b', number>(
    { a: () => order.push('a'), b: async () => order.push('b') },
    2,
  );
  assert.equal(order.join('').replace(/a+/g, 'a').replace(/b+/g, 'b'), 'ababa');
  assert.ok(order.length > 6, 'quick ones are called more than once a turn');
  assert.equal(results.a, order.length);
  assert.ok(ms.a >= 0 && ms.b >= 0);
});

test('generated descriptors have the neighbour they were made from', () => {
  const { query, ref, nearest } = descriptorPair(40, 500, 64, createRandom(1));
  const found = loopNearest(query, ref, 64);
  assert.deepEqual(
    nearest.map((_, i) => found[2 * i]),
    nearest,
  );
});

test('the generated drive is a sound map whose nearest keyframes see the query', () => {
  const drive = generateDrive({ points: 2000, keyframes: 20, stepM: 1, perImage: 300, seed: 2 });
  const map = decodeMap(encodeMap(drive.map), 'drive');
  assert.ok(map.observations.count > 1000);
  for (let n = 0; n < 10; n++) {
    const { worldFromCam } = drive.query(n);
    const [first] = nearestKeyframes(map.keyframes, worldFromCam);
    assert.ok(Math.abs(map.keyframes.worldFromCam[7 * first] - worldFromCam.t[0]) < 1.5);
  }
});
