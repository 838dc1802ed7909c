import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MapModel } from '../domain/mapModel.js';
import { createRandom, type Random } from '../kernels/random.js';
import { dotListed, loadRight } from '../kernels/rowDots.js';
import { createGuidedWorkspace, type GuidedWorkspace, gatherAround } from './guidedMatches.js';

const KEYFRAMES = 30;
const POINTS = 300;

/** [0, then the sums of so many counts]. */
const offsetsOf = (counts: readonly number[]) =>
  Uint32Array.from([0, ...counts.map((_, i) => counts.slice(0, i + 1).reduce((a, b) => a + b, 0))]);

/** Keyframes of all sizes, some that see nothing, each with up to eleven neighbours. */
function randomMap(dim: number, random: Random): MapModel {
  const counts = Array.from({ length: KEYFRAMES }, (_, k) => random.integer(k % 7 === 0 ? 1 : 90));
  const neighbours = Array.from({ length: KEYFRAMES }, () => random.integer(12));
  const offsets = offsetsOf(counts);
  const count = offsets[KEYFRAMES];
  return {
    keyframes: { worldFromCam: new Float64Array(7 * KEYFRAMES) },
    points: { xyz: new Float64Array(3 * POINTS) },
    observations: {
      ...{ count, dim, offsets },
      point: Uint32Array.from({ length: count }, () => random.integer(POINTS)),
      descriptors: Int8Array.from({ length: count * dim }, () => random.integer(255) - 127),
    },
    covisibility: {
      offsets: offsetsOf(neighbours),
      neighbour: Uint32Array.from(
        neighbours.flatMap((n, k) => Array.from({ length: n }, (_, i) => (k + 1 + i) % KEYFRAMES)),
      ),
    },
  } as unknown as MapModel;
}

/** The map's observation that a row of the local map stands for. */
function observationOf({ observations: { offsets } }: MapModel, { local }: GuidedWorkspace, row: number) {
  let rest = row;
  for (const k of local.keyframes.subarray(0, local.keyframeCount)) {
    const count = offsets[k + 1] - offsets[k];
    if (rest < count) return offsets[k] + rest;
    rest -= count;
  }
  return assert.fail(`no row ${row}`);
}

test('from keyframe to keyframe, every row of the local map is compared by the descriptor of its own observation', () => {
  const random = createRandom(9);
  for (const dim of [7, 32, 100]) {
    const map = randomMap(dim, random);
    const ws = createGuidedWorkspace();
    for (let round = 0; round < 60; round++) {
      gatherAround(map, random.integer(KEYFRAMES), 12, ws);
      const { local, matches } = ws;
      const { rowDots } = matches;
      const keypoints = 1 + random.integer(200);
      const query = Int8Array.from({ length: keypoints * dim }, () => random.integer(255) - 127);
      loadRight(rowDots, query, keypoints);
      for (let at = 0; at < local.offsets[local.pointCount]; at++) {
        const observation = observationOf(map, ws, local.rows[at]);
        const keypoint = random.integer(keypoints);
        rowDots.list[0] = keypoint;
        dotListed(rowDots, local.rows[at], 1);
        let dot = 0;
        for (let d = 0; d < dim; d++)
          dot += map.observations.descriptors[observation * dim + d] * query[keypoint * dim + d];
        assert.equal(rowDots.dots[0], dot);
      }
    }
  }
});
