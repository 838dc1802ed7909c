import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallMap } from '../../test/mapFuzzFixtures.js';
import { decodeMap, encodeMap } from './container.js';
import { describeMap, mapInWords } from './describe.js';

const bytes = encodeMap(smallMap());
const map = decodeMap(bytes, 'small.map');

test('the figures are those of the map', () => {
  const d = describeMap(map, bytes.length);
  assert.equal(d.keyframes, 3);
  assert.equal(d.points, 4);
  assert.equal(d.observations, 8);
  assert.deepEqual(d.trackLength, { mean: 2, median: 2 });
  assert.deepEqual(d.reprojectionErrorPx, { mean: 0.46875, median: 0.375 });
  assert.deepEqual(d.covisibilityComponents, [3]);
  assert.deepEqual(d.boundingBox, { min: [0, 0, -1], max: [2, 0.5, 0] });
  assert.ok(Math.abs(d.pathLength - (1 + Math.hypot(1, 0.5, 1))) < 1e-12);
  assert.equal(d.bytesPerPoint, bytes.length / 4);
  assert.deepEqual(JSON.parse(JSON.stringify(d)), d);
});

test('a keyframe without points stands alone', () => {
  const loose = smallMap();
  const covisibility = {
    offsets: Uint32Array.from([0, 1, 2, 2]),
    neighbour: Uint32Array.from([1, 0]),
    weight: Uint32Array.from([2, 2]),
  };
  const observations = {
    ...loose.observations,
    offsets: Uint32Array.from([0, 4, 8, 8]),
  };
  const d = describeMap({ ...loose, covisibility, observations, sha256: '0'.repeat(64) }, 1000);
  assert.deepEqual(d.covisibilityComponents, [2, 1]);
  assert.equal(d.keyframesWithoutPoints, 1);
  assert.match(mapInWords(d), /2 pieces, the largest with 2 keyframes/);
});

test('the words carry the unit of the scale', () => {
  const words = mapInWords(describeMap(map, bytes.length));
  assert.match(words, /extent {7}2\.0 x 0\.5 x 1\.0 m, path 2\.5 m \(metric scale, anchored in WGS84\)/);
  const free = describeMap({ ...map, header: { ...map.header, scale: 'arbitrary' } }, 1);
  assert.match(mapInWords(free), /path 2\.5 units/);
});
