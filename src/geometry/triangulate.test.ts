import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../test/synthetic.js';
import { trackError, trackOf } from '../../test/tracks.js';
import { createTriangulateWorkspace, type TriangulatedPoint, triangulate } from './triangulate.js';

const ws = createTriangulateWorkspace(32);
const options = { thresholdPx: 4, minAngleRad: 0.01 };

type Track = ReturnType<typeof trackOf>;
const solve = (track: Track, extra = {}): TriangulatedPoint =>
  triangulate(
    track.views,
    track.viewOf,
    track.pixels,
    track.bearings,
    track.count,
    { ...options, ...extra },
    ws,
  );

const seeded = (seed: number): Random => createRandom(seed);

test('exact observations give the exact point, from two views up, through every camera', () => {
  const random = seeded(41);
  for (let i = 0; i < 2000; i++) {
    const track = trackOf(random, { views: 2 + (i % 9), noisePx: 0, wrong: 0 });
    const found = solve(track);
    if (track.angleRad < 0.03) continue;
    assert.equal(found.inliers, track.count, `case ${i}`);
    assert.ok(trackError(track, found.xyz) < 1e-6, `case ${i}: ${trackError(track, found.xyz)}`);
    assert.ok(Math.abs(found.angleRad - track.angleRad) < 1e-6);
    assert.ok(found.rmsPx < 1e-5);
  }
});

test('wrong observations are left out', () => {
  const random = seeded(42);
  let right = 0;
  const cases = 1000;
  for (let i = 0; i < cases; i++) {
    const track = trackOf(random, { views: 8, noisePx: 0.5, wrong: 3 });
    const found = solve(track);
    const marked = track.isRight.every((isRight, k) => found.inlierMask[k] === isRight);
    if (marked && trackError(track, found.xyz) < 0.5) right++;
  }
  assert.ok(right >= 0.97 * cases, `${right} of ${cases}`);
});

test('refinement reaches the least reprojection error: no nearby point is better', () => {
  const random = seeded(43);
  for (let i = 0; i < 300; i++) {
    const track = trackOf(random, { views: 5, noisePx: 0.5, wrong: 0 });
    const found = solve(track);
    if (found.inliers < 5) continue;
    const xyz = found.xyz.slice();
    const best = track.costAt(xyz);
    for (let k = 0; k < 3; k++)
      for (const step of [-1e-3, 1e-3]) {
        const moved = xyz.slice();
        moved[k] += step;
        assert.ok(track.costAt(moved) >= best * (1 - 1e-6));
      }
  }
});

test('no parallax, one view, or no agreement: NaN and no inliers', () => {
  const random = seeded(44);
  const failed = (found: TriangulatedPoint): void => {
    assert.equal(found.inliers, 0);
    assert.ok(found.xyz.every(Number.isNaN) && Number.isNaN(found.rmsPx) && Number.isNaN(found.angleRad));
  };
  const track = trackOf(random, { views: 4, noisePx: 0, wrong: 0 });
  failed(solve(track, { minAngleRad: 1.5 }));
  failed(solve({ ...track, count: 1 }));
  failed(solve({ ...track, count: 0 }));
  failed(solve(trackOf(random, { views: 2, noisePx: 0, wrong: 2 }), { thresholdPx: 1e-3 }));
  failed(solve({ ...track, bearings: track.bearings.map(() => Number.NaN) }));
  const behind = { ...track, bearings: track.bearings.map((v) => -v) };
  failed(solve(behind));
});

test('a workspace too small takes the first observations only', () => {
  const track = trackOf(seeded(45), { views: 10, noisePx: 0, wrong: 0 });
  const small = createTriangulateWorkspace(4);
  const found = triangulate(track.views, track.viewOf, track.pixels, track.bearings, 10, options, small);
  assert.equal(found.inliers, 4);
});
