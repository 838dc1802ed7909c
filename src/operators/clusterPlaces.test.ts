import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Covisibility } from '../domain/mapModel.js';
import { connectedPlaces } from './clusterPlaces.js';

/** Symmetric covisibility of `count` keyframes from [a, b, shared points] edges. */
function covisibilityOf(count: number, edges: readonly (readonly [number, number, number])[]): Covisibility {
  const rows = Array.from({ length: count }, (_, k) =>
    edges.flatMap(([a, b, shared]) => (a === k ? [[b, shared]] : b === k ? [[a, shared]] : [])),
  );
  const offsets = [0];
  for (const row of rows) offsets.push(offsets[offsets.length - 1] + row.length);
  return {
    offsets: Uint32Array.from(offsets),
    neighbour: Uint32Array.from(rows.flat().map(([k]) => k)),
    weight: Uint32Array.from(rows.flat().map(([, shared]) => shared)),
  };
}

test('places are components, the largest first, in retrieval order within', () => {
  const covisibility = covisibilityOf(6, [
    [0, 1, 20],
    [1, 2, 20],
    [4, 5, 20],
  ]);
  const places = connectedPlaces([5, 2, 0, 4, 1, 3], covisibility, 1);
  assert.deepEqual(
    places.map((p) => p.keyframes),
    [[2, 0, 1], [5, 4], [3]],
  );
});

test('of places of one size the better retrieved comes first', () => {
  const places = connectedPlaces(
    [3, 1, 2, 0],
    covisibilityOf(4, [
      [0, 3, 9],
      [1, 2, 9],
    ]),
    1,
  );
  assert.deepEqual(
    places.map((p) => p.keyframes),
    [
      [3, 0],
      [1, 2],
    ],
  );
});

test('a bridge through a keyframe that was not retrieved does not count, nor a weak one', () => {
  const covisibility = covisibilityOf(3, [
    [0, 1, 20],
    [1, 2, 20],
    [0, 2, 3],
  ]);
  assert.equal(connectedPlaces([0, 2], covisibility, 15).length, 2);
  assert.equal(connectedPlaces([0, 2], covisibility, 3).length, 1);
});

test('every retrieved keyframe is in exactly one place', () => {
  const edge = fc.tuple(fc.nat(19), fc.nat(19), fc.integer({ min: 1, max: 50 })).filter(([a, b]) => a !== b);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(19), { maxLength: 20 }),
      fc.array(edge, { maxLength: 40 }),
      (ids, edges) => {
        const places = connectedPlaces(ids, covisibilityOf(20, edges), 10);
        const flat = places.flatMap((p) => p.keyframes);
        assert.deepEqual(
          [...flat].sort((a, b) => a - b),
          [...ids].sort((a, b) => a - b),
        );
      },
    ),
    { seed: 3 },
  );
});
