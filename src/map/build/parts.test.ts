import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NearestTwo } from '../../domain/features.js';
import { rigid } from '../../geometry/rigid.js';
import { createRandom } from '../../kernels/random.js';
import { buildTracks } from './buildTracks.js';
import { choosePairs, type PairCandidate } from './choosePairs.js';
import { covisibilityOf } from './covisibility.js';
import { DEFAULT_TUNING } from './options.js';
import { type KeypointMatches, mutualMatches } from './verifyPair.js';

function matches(edges: readonly (readonly [number, number, number])[]): KeypointMatches {
  return {
    a: Uint32Array.from(edges, ([a]) => a),
    b: Uint32Array.from(edges, ([, b]) => b),
    dot: Float32Array.from(edges, ([, , dot]) => dot),
  };
}

function rows({ offsets, items }: { offsets: Uint32Array; items: Uint32Array }): number[][] {
  return Array.from({ length: offsets.length - 1 }, (_, r) => [
    ...items.subarray(offsets[r], offsets[r + 1]),
  ]);
}

test('matches join to tracks, and the weakest link of a contradiction breaks', () => {
  // Keypoints 0 1 | 2 3 | 4 5 in three keyframes; 0-2-4 and 1-3-5 are true, 4-3 would glue them.
  const keyframeOf = Uint32Array.from([0, 0, 1, 1, 2, 2]);
  const found = [
    matches([
      [0, 2, 0.9],
      [1, 3, 0.8],
    ]),
    matches([
      [3, 4, 0.7],
      [2, 4, 0.95],
      [3, 5, 0.85],
    ]),
  ];
  assert.deepEqual(rows(buildTracks(found, keyframeOf)), [
    [0, 2, 4],
    [1, 3, 5],
  ]);
  assert.deepEqual(rows(buildTracks([], keyframeOf)), []);
});

test('no track ever holds two keypoints of one keyframe', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = createRandom(seed);
    const keyframeOf = Uint32Array.from({ length: 60 }, (_, i) => Math.floor(i / 10));
    const edges = Array.from(
      { length: 90 },
      () => [random.integer(60), random.integer(60), random.uniform()] as const,
    );
    const tracks = rows(
      buildTracks([matches(edges.filter(([a, b]) => keyframeOf[a] !== keyframeOf[b]))], keyframeOf),
    );
    const seen = new Set<number>();
    for (const track of tracks) {
      assert.ok(track.length >= 2);
      assert.equal(new Set(track.map((i) => keyframeOf[i])).size, track.length);
      for (const keypoint of track) {
        assert.ok(!seen.has(keypoint));
        seen.add(keypoint);
      }
    }
  }
});

test('a match is mutual and clearly better than the second', () => {
  const nearest: NearestTwo = {
    index: Int32Array.from([0, 1, 0, 2, 2, 1, 1, -1]),
    dot: Float32Array.from([0.9, 0.5, 0.8, 0.1, 0.7, 0.69, 0.6, 0]),
    refBest: Int32Array.from([0, 3, 2]),
  };
  assert.deepEqual([...mutualMatches(nearest, 0.9)], [0, 0, 3, 1]);
  assert.deepEqual([...mutualMatches(nearest, 1)], [0, 0, 2, 2, 3, 1]);
});

test('covisibility counts shared points both ways, heaviest first', () => {
  const random = createRandom(2);
  const points = Array.from({ length: 300 }, () =>
    Array.from({ length: 12 }, (_, k) => k).filter(() => random.uniform() < 0.2),
  );
  const { offsets, neighbour, weight } = covisibilityOf(12, points);
  for (let i = 0; i < 12; i++) {
    const row = new Map<number, number>();
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      row.set(neighbour[e], weight[e]);
      if (e > offsets[i]) assert.ok(weight[e] <= weight[e - 1]);
    }
    for (let j = 0; j < 12; j++) {
      const shared = i === j ? 0 : points.filter((seenBy) => seenBy.includes(i) && seenBy.includes(j)).length;
      assert.equal(row.get(j) ?? 0, shared);
    }
  }
});

/** Keyframes one metre apart, turning by `stepRad` each; `global` is the same for i and i + 40. */
function path(count: number, stepRad: number, unit = 1): PairCandidate[] {
  return Array.from({ length: count }, (_, i) => ({
    worldFromCam: rigid([0, Math.sin((i * stepRad) / 2), 0, Math.cos((i * stepRad) / 2)], [unit * i, 0, 0]),
    global: Float32Array.from([Math.cos((i % 40) / 15), Math.sin((i % 40) / 15)]),
  }));
}

test('a small set is paired in full, apart from views that look away', () => {
  assert.equal(choosePairs(path(10, 0), DEFAULT_TUNING).length, 45);
  const turning = choosePairs(path(10, Math.PI / 8), DEFAULT_TUNING);
  assert.ok(turning.every(([i, j]) => i < j && j - i <= 3));
  assert.equal(turning.length, 9 + 8 + 7);
});

test('a large set is paired by nearness and likeness, in any unit', () => {
  const tuning = { ...DEFAULT_TUNING, nearest: 4, similar: 1 };
  const pairs = choosePairs(path(80, 0), tuning);
  assert.deepEqual(pairs, choosePairs(path(80, 0, 1000), tuning));
  assert.ok(pairs.length < 80 * 5);
  for (let i = 0; i < 79; i++)
    assert.ok(
      pairs.some(([a, b]) => a === i && b === i + 1),
      `${i} and the next`,
    );
  for (let i = 0; i < 40; i++)
    assert.ok(
      pairs.some(([a, b]) => a === i && b === i + 40),
      `${i} and its twin`,
    );
});
