import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastValueFrom, of } from 'rxjs';
import { CAMERAS, createRandom, makeScene } from '../../test/synthetic.js';
import type { MapModel } from '../domain/mapModel.js';
import type { Correspondences } from '../domain/place.js';
import { distanceBetween, inverse } from '../geometry/rigid.js';
import { DEFAULT_OPTIONS, type Localizer, type Query, startStopwatch } from './localizer.js';
import { solvePose } from './solvePose.js';

const COUNT = 300;
const CAMERA = CAMERAS[0];
const SCENE = makeScene(CAMERA, createRandom(8), { count: COUNT, outlierRatio: 0, noisePx: 0.5 });

/** A view of which the first `own` matches go to where it was taken, `other` of the rest to a copy 40 m off to the side,
 * and what is left anywhere. */
function solved(own: number, other: number) {
  const random = createRandom(own + other);
  const points = Array.from({ length: COUNT }, (_, i) => {
    const [x, y, z] = SCENE.points.subarray(3 * i, 3 * i + 3);
    if (i < own) return [x, y, z];
    if (i < own + other) return [x + 40, y, z];
    return [20 * random.normal(), 20 * random.normal(), 20 * random.normal()];
  });
  const order = Array.from({ length: COUNT }, (_, i) => (i * 7) % COUNT);
  const correspondences: Correspondences = {
    count: COUNT,
    distinctCount: COUNT,
    xyPx: Float64Array.from(order.flatMap((i) => [...SCENE.pixels.subarray(2 * i, 2 * i + 2)])),
    xyz: Float64Array.from(order.flatMap((i) => points[i])),
    point: new Uint32Array(COUNT),
    keyframe: new Uint32Array(COUNT),
    distinct: new Uint8Array(COUNT).fill(1),
  };
  const map = { header: { scale: 'metric' } } as MapModel;
  const localizer = { map, options: DEFAULT_OPTIONS } as Localizer;
  const query = {
    ...{ camera: CAMERA, frame: { sequence: 3 }, features: { count: 500 }, turnDeg: 0 },
    watch: startStopwatch(() => 0),
  } as unknown as Query;
  const matched = { correspondences, place: { keyframes: [0], origin: 'retrieved' as const } };
  return lastValueFrom(of(matched).pipe(solvePose(localizer, query)));
}

test('matches that go to two copies alike cancel out', async () => {
  for (const [own, other] of [
    [140, 140],
    [150, 125],
    [125, 150],
  ]) {
    const attempt = await solved(own, other);
    assert.equal(attempt.kind === 'miss' && attempt.failure.reason, 'ambiguous', `${own} and ${other}`);
    assert.match(attempt.kind === 'miss' ? attempt.failure.detail : '', /^two places 40 m apart fit alike/);
  }
});

test('the copy that clearly more of them go to stands, doubted where the other has more than half as many', async () => {
  const truth = inverse(SCENE.camFromWorld);
  const [x, y, z] = truth.t;
  const copy = { ...truth, t: [x + 40, y, z] as const };
  for (const [own, other, where] of [
    [170, 110, truth],
    [110, 170, copy],
    [200, 80, truth],
    [150, 0, truth],
    [290, 0, truth],
  ] as const) {
    const attempt = await solved(own, other);
    assert.ok(attempt.kind === 'fix', `${own} and ${other}`);
    assert.ok(distanceBetween(attempt.pose.worldFromCam, where) < 0.1, `${own} and ${other}`);
    const isClose = Math.min(own, other) > 0.5 * Math.max(own, other);
    assert.equal(attempt.pose.confidence < 0.5, isClose, `${own} and ${other}: ${attempt.pose.confidence}`);
  }
});
