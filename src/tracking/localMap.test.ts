import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MapModel } from '../domain/mapModel.js';
import { createRandom } from '../kernels/random.js';
import { createLocalMap, createLocalMapScratch, gatherLocalMap, type LocalMap } from './localMap.js';
import { nearestViews } from './viewRows.js';

const POINTS = 400;
const KEYFRAMES = 30;
const random = createRandom(2);

/** Every keyframe sees some points; neighbours in any order. */
function randomMap(): MapModel {
  const seen = Array.from({ length: KEYFRAMES }, () =>
    Array.from({ length: POINTS }, (_, p) => p).filter(() => random.uniform() < 0.15),
  );
  const sums = (rows: readonly number[][]) =>
    Uint32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length)]);
  const neighbours = seen.map((_, k) =>
    seen.flatMap((_, other) => (other !== k && random.uniform() < 0.7 ? [other] : [])),
  );
  return {
    keyframes: {
      worldFromCam: Float64Array.from({ length: 7 * KEYFRAMES }, () => 10 * random.normal()),
    },
    points: { xyz: Float64Array.from({ length: 3 * POINTS }, () => 10 * random.normal()) },
    observations: { offsets: sums(seen), point: Uint32Array.from(seen.flat()) },
    covisibility: { offsets: sums(neighbours), neighbour: Uint32Array.from(neighbours.flat()) },
  } as unknown as MapModel;
}

function expectedRows(map: MapModel, keyframe: number, most: number): Map<number, number[]> {
  const { offsets, neighbour } = map.covisibility;
  const near = neighbour.subarray(offsets[keyframe], offsets[keyframe + 1]).slice(0, most - 1);
  const rows = new Map<number, number[]>();
  let row = 0;
  for (const k of [keyframe, ...near])
    for (let o = map.observations.offsets[k]; o < map.observations.offsets[k + 1]; o++) {
      const point = map.observations.point[o];
      rows.set(point, [...(rows.get(point) ?? []), row++]);
    }
  return rows;
}

/** [keyframes] where each one's rows begin. */
function firstRows(
  { observations: { offsets } }: MapModel,
  { keyframes, keyframeCount }: LocalMap,
): number[] {
  const firsts = [0];
  for (const k of keyframes.subarray(0, keyframeCount))
    firsts.push(firsts.at(-1)! + offsets[k + 1] - offsets[k]);
  return firsts;
}

function check(map: MapModel, local: LocalMap, keyframe: number, most: number): void {
  const expected = expectedRows(map, keyframe, most);
  assert.equal(local.pointCount, expected.size);
  assert.deepEqual([...local.points.subarray(0, local.pointCount)], [...expected.keys()], 'in the order met');
  for (let at = 0; at < local.pointCount; at++) {
    const [start, end] = [local.offsets[at], local.offsets[at + 1]];
    const rows = [...local.rows.subarray(start, end)];
    assert.deepEqual(rows, expected.get(local.points[at]));
    assert.deepEqual(
      [...local.xyz.subarray(3 * at, 3 * at + 3)],
      [...map.points.xyz.subarray(3 * local.points[at], 3 * local.points[at] + 3)],
    );
    for (const [i, row] of rows.entries()) {
      const first = firstRows(map, local)[local.seenFrom[start + i]];
      const k = local.keyframes[local.seenFrom[start + i]];
      const seen = map.observations.offsets[k + 1] - map.observations.offsets[k];
      assert.ok(row >= first && row < first + seen);
      assert.equal(map.observations.point[map.observations.offsets[k] + row - first], local.points[at]);
    }
  }
}

test('a local map holds every point of its keyframes once, with all their rows', () => {
  const local = createLocalMap();
  const scratch = createLocalMapScratch();
  for (let round = 0; round < 5; round++) {
    const map = randomMap();
    local.keyframe = -1;
    for (const most of [1, 4, 20]) {
      local.keyframe = -1;
      const keyframe = random.integer(KEYFRAMES);
      gatherLocalMap(map, keyframe, most, local, scratch);
      check(map, local, keyframe, most);
    }
  }
});

test('the nearest views are those of like angle and distance, and none beyond 60 degrees or 2.5 times', () => {
  const local = createLocalMap();
  const map = randomMap();
  gatherLocalMap(map, 3, 20, local, createLocalMapScratch());
  const out = new Int32Array(2);
  let refused = 0;
  for (let at = 0; at < local.pointCount; at++) {
    const centre = Float64Array.from({ length: 3 }, () => 10 * random.normal());
    const likeness = (r: number) => likenessOf(local, at, local.seenFrom[r], centre);
    const ranked = Array.from(
      { length: local.offsets[at + 1] - local.offsets[at] },
      (_, i) => local.offsets[at] + i,
    )
      .filter((r) => likeness(r) !== null)
      .sort((a, b) => likeness(b)! - likeness(a)!);
    const keyframe = nearestViews(local, at, centre, out, 0);
    if (ranked.length === 0) refused++;
    assert.deepEqual([...out], [local.rows[ranked[0]] ?? -1, local.rows[ranked[1]] ?? -1]);
    assert.equal(keyframe, ranked.length === 0 ? -1 : local.seenFrom[ranked[0]]);
  }
  assert.ok(refused > 0 && refused < local.pointCount);
});

function likenessOf(local: LocalMap, at: number, k: number, centre: Float64Array): number | null {
  const from = (origin: Float64Array, offset: number) =>
    [0, 1, 2].map((axis) => origin[offset + axis] - local.xyz[3 * at + axis]);
  const [a, b] = [from(centre, 0), from(local.centres, 3 * k)];
  const cosine = a.reduce((sum, v, i) => sum + v * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));
  const scale = Math.max(Math.hypot(...a) / Math.hypot(...b), Math.hypot(...b) / Math.hypot(...a));
  return cosine >= 0.5 && scale <= 2.5 ? cosine - 0.25 * (scale - 1) : null;
}
