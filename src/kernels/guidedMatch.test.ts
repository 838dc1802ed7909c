import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chanceLevel } from './chanceLevel.js';
import { createPointGrid, fillPointGrid } from './grid.js';
import { createGuidedMatches, type GuidedTargets, HALF_ALIKE, matchGuided, NO_DOT } from './guidedMatch.js';
import { createRandom, type Random } from './random.js';
import { roundRows } from './roundRows.js';
import { createRowDots, dotListed, loadLeft, loadRight, reserveLeft } from './rowDots.js';

const int8 = (length: number, random: Random) => Int8Array.from({ length }, () => random.integer(255) - 127);

function dotInt8(a: Int8Array, aStart: number, b: Int8Array, bStart: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}

function scene(random: Random) {
  const dim = 1 + random.integer(70);
  const [keypoints, mapRows, count] = [random.integer(120), 1 + random.integer(90), random.integer(80)];
  const position = () => 330 * random.uniform() - 5;
  const targets: GuidedTargets = {
    count,
    xyPx: Float32Array.from({ length: 2 * count }, position),
    radiusPx: Float32Array.from({ length: count }, () => 60 * random.uniform()),
    rows: Int32Array.from({ length: 2 * count }, () => random.integer(mapRows + 1) - 1),
  };
  const xyPx = Float32Array.from({ length: 2 * keypoints }, position);
  const query = { rows: int8(keypoints * dim, random), dim };
  return { targets, xyPx, keypoints, query, map: int8(mapRows * dim, random) };
}

test('dot products of listed rows are exact for every length, wherever the rows lie', () => {
  const random = createRandom(4);
  const rowDots = createRowDots();
  for (let round = 0; round < 300; round++) {
    const [dim, count, lefts] = [1 + random.integer(140), 1 + random.integer(900), 1 + random.integer(300)];
    const [rows, left] = [int8(count * dim, random), int8((lefts + 5) * dim, random)];
    reserveLeft(rowDots, lefts, dim);
    const split = random.integer(lefts + 1);
    loadLeft(rowDots, 0, left, 5, split);
    loadLeft(rowDots, split, left, 5 + split, lefts - split);
    loadRight(rowDots, rows, count);
    const [row, listed] = [random.integer(lefts), random.integer(Math.min(count, 9) + 1)];
    for (let i = 0; i < listed; i++) rowDots.list[i] = random.integer(count);
    dotListed(rowDots, row, listed);
    for (let i = 0; i < listed; i++)
      assert.equal(rowDots.dots[i], dotInt8(left, (5 + row) * dim, rows, rowDots.list[i] * dim, dim));
  }
});

test('left rows stay while right ones come and go', () => {
  const random = createRandom(6);
  const rowDots = createRowDots();
  const dim = 24;
  const left = int8(40 * dim, random);
  reserveLeft(rowDots, 40, dim);
  loadLeft(rowDots, 0, left, 0, 40);
  for (const count of [10, 5000, 1, 0, 70_000, 3]) {
    const rows = int8(count * dim, random);
    loadRight(rowDots, rows, count);
    for (let i = 0; i < Math.min(count, 20); i++) {
      rowDots.list[0] = random.integer(count);
      const row = random.integer(40);
      dotListed(rowDots, row, 1);
      assert.equal(rowDots.dots[0], dotInt8(left, row * dim, rows, rowDots.list[0] * dim, dim));
    }
  }
});

test('rows are rounded to the nearest whole number', () => {
  const rows = Float32Array.from([-1, -0.5, -0.001, 0, 0.004, 0.31, 1]);
  const out = roundRows(rows);
  for (const [i, value] of rows.entries()) assert.ok(Math.abs(out[i] - 127 * value) <= 0.5 + 1e-4);
});

test('best, second and owner are those that a look at every pair finds', () => {
  const random = createRandom(1);
  const grid = createPointGrid();
  const out = createGuidedMatches();
  for (let round = 0; round < 200; round++) {
    const { targets, xyPx, keypoints, query, map } = scene(random);
    fillPointGrid(grid, xyPx, keypoints, 320, 320, 5 + 40 * random.uniform());
    reserveLeft(out.rowDots, map.length / query.dim, query.dim);
    loadLeft(out.rowDots, 0, map, 0, map.length / query.dim);
    matchGuided(targets, grid, query.rows, out);
    const pairs = allPairs(targets, xyPx, keypoints, query, map);
    for (let t = 0; t < targets.count; t++) {
      const [best, second] = bestTwo(pairs.filter((p) => p.t === t));
      assert.deepEqual([out.dot[t], out.rivalDot[t]], [best, second]);
      assert.equal(out.keypoint[t] >= 0, best > NO_DOT);
      if (best > NO_DOT) assert.ok(pairs.some((p) => p.t === t && p.k === out.keypoint[t] && p.dot === best));
    }
    for (let k = 0; k < keypoints; k++) {
      const [best, second] = bestTwo(pairs.filter((p) => p.k === k));
      assert.deepEqual([out.targetDot[k], out.targetRivalDot[k]], [best, second]);
      if (best > NO_DOT) assert.ok(pairs.some((p) => p.k === k && p.t === out.target[k] && p.dot === best));
    }
  }
});

function allPairs(
  targets: GuidedTargets,
  xyPx: Float32Array,
  keypoints: number,
  query: { rows: Int8Array; dim: number },
  map: Int8Array,
) {
  const pairs: { t: number; k: number; dot: number }[] = [];
  for (let t = 0; t < targets.count; t++)
    for (let k = 0; k < keypoints; k++) {
      const dx = xyPx[2 * k] - targets.xyPx[2 * t];
      const dy = xyPx[2 * k + 1] - targets.xyPx[2 * t + 1];
      if (dx * dx + dy * dy > targets.radiusPx[t] ** 2) continue;
      const rows = [...targets.rows.subarray(2 * t, 2 * t + 2)].filter((row) => row >= 0);
      const dots = rows.map((row) => dotInt8(map, row * query.dim, query.rows, k * query.dim, query.dim));
      const asked = dots[0] < HALF_ALIKE ? dots.slice(0, 1) : dots;
      if (asked.length > 0) pairs.push({ t, k, dot: Math.max(...asked) });
    }
  return pairs;
}

function bestTwo(pairs: readonly { dot: number }[]): number[] {
  const dots = pairs.map(({ dot }) => dot).sort((a, b) => b - a);
  return [dots[0] ?? NO_DOT, dots[1] ?? NO_DOT];
}

test('what chance offers: about the share of unrelated pairs that was asked for lies above it', () => {
  const random = createRandom(8);
  const [dim, count] = [64, 500];
  const map = int8(count * dim, random);
  const query = { rows: int8(count * dim, random), dim };
  const xyPx = Float32Array.from({ length: 2 * count }, () => 640 * random.uniform());
  const rows = Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? i / 2 : -1));
  const targets = { count, xyPx, radiusPx: new Float32Array(count), rows };
  const rowDots = createRowDots();
  reserveLeft(rowDots, count, dim);
  loadLeft(rowDots, 0, map, 0, count);
  loadRight(rowDots, query.rows, count);
  const level = chanceLevel(targets, xyPx, rowDots, 2000, 120, new Int32Array(20));
  let above = 0;
  for (let t = 0; t < count; t++)
    for (let k = 0; k < count; k++) if (dotInt8(map, t * dim, query.rows, k * dim, dim) >= level) above++;
  const share = above / (count * count);
  assert.ok(share > 0.004 && share < 0.025, `${share}`);
});
