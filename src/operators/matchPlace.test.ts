import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MapModel } from '../domain/mapModel.js';
import { observationSpans, toCorrespondences } from './matchPlace.js';

/** Keyframe 0 sees points 5, 6; keyframe 1 sees points 5, 7. */
const map = {
  points: { xyz: Float64Array.from({ length: 24 }, (_, i) => i) },
  observations: { offsets: Uint32Array.of(0, 2, 4), point: Uint32Array.of(5, 6, 5, 7) },
} as unknown as MapModel;

const xyPx = Float32Array.of(10, 11, 20, 21, 30, 31);

/** One [best, second, dot of best, dot of second] a query; rows are stacked observations. */
const nearest = (
  rows: readonly (readonly [number, number, number, number])[],
  refBest: readonly number[],
) => ({
  index: Int32Array.from(rows.flatMap((row) => row.slice(0, 2))),
  dot: Float32Array.from(rows.flatMap(([, , a, b]) => [a, b])),
  refBest: Int32Array.from(refBest),
});

test('a mutual, unambiguous match is distinct and carries its point, pixel and keyframe', () => {
  const found = toCorrespondences(xyPx, nearest([[3, 0, 0.95, 0.5]], [-1, -1, -1, 0]), [0, 1], map, 0.9);
  assert.equal(found.count, 1);
  assert.equal(found.distinctCount, 1);
  assert.deepEqual([...found.xyPx], [10, 11]);
  assert.deepEqual([...found.xyz], [21, 22, 23]);
  assert.deepEqual([found.point[0], found.keyframe[0], found.distinct[0]], [7, 1, 1]);
});

test('two sightings of one landmark do not compete', () => {
  const rows = [[0, 2, 0.95, 0.949]] as const;
  assert.equal(toCorrespondences(xyPx, nearest(rows, [0, -1, -1, -1]), [0, 1], map, 0.9).distinctCount, 1);
});

test('an ambiguous match is kept for the solver but is no evidence; not mutual either, it is gone', () => {
  const rows = [[1, 3, 0.95, 0.949]] as const;
  const mutual = toCorrespondences(xyPx, nearest(rows, [-1, 0, -1, -1]), [0, 1], map, 0.9);
  assert.deepEqual([mutual.count, mutual.distinctCount], [1, 0]);
  assert.equal(toCorrespondences(xyPx, nearest(rows, [-1, 2, -1, -1]), [0, 1], map, 0.9).count, 0);
});

test('a map point is matched once, by the least ambiguous keypoint; the best comes first', () => {
  const rows = [
    [0, 1, 0.9, 0.6],
    [2, 3, 0.99, 0.5],
    [1, 3, 0.95, 0.4],
  ] as const;
  const found = toCorrespondences(xyPx, nearest(rows, [0, 2, 1, -1]), [0, 1], map, 0.9);
  assert.deepEqual([...found.point], [5, 6]);
  assert.deepEqual([found.xyPx[0], found.xyPx[2]], [20, 30]);
});

test('rows count through the keyframes in the order they are given', () => {
  assert.deepEqual([...observationSpans(map, [1, 0])], [2, 4, 0, 2]);
  const found = toCorrespondences(xyPx, nearest([[1, 0, 0.9, 0.1]], [-1, 0, -1, -1]), [1, 0], map, 0.9);
  assert.deepEqual([found.point[0], found.keyframe[0]], [7, 1]);
});
