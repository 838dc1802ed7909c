import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastValueFrom, of } from 'rxjs';
import { CAMERAS, createRandom, makeScene } from '../../test/synthetic.js';
import type { MapModel } from '../domain/mapModel.js';
import { scaledFocal } from '../geometry/camera.js';
import { DEFAULT_OPTIONS, type Localizer, type Query, startStopwatch } from './localizer.js';
import { solvePose } from './solvePose.js';

const COUNT = 400;
const CAMERA = CAMERAS[0];

/** What is found where the camera's true focal length is `factor` times the one given. */
async function solved(factor: number, seed: number) {
  const scene = makeScene(CAMERA, createRandom(seed), { count: COUNT, outlierRatio: 0.2, noisePx: 1 });
  // as matching gives them: wrong ones anywhere among the right
  const order = Array.from({ length: COUNT }, (_, i) => (i * 7) % COUNT);
  const correspondences = {
    ...{ count: COUNT, distinctCount: COUNT },
    xyPx: Float64Array.from(order.flatMap((i) => [...scene.pixels.subarray(2 * i, 2 * i + 2)])),
    xyz: Float64Array.from(order.flatMap((i) => [...scene.points.subarray(3 * i, 3 * i + 3)])),
    ...{ point: new Uint32Array(COUNT), keyframe: new Uint32Array(COUNT) },
    distinct: new Uint8Array(COUNT).fill(1),
  };
  const localizer = {
    map: { header: { scale: 'metric' } } as MapModel,
    options: DEFAULT_OPTIONS,
  } as Localizer;
  const query = {
    ...{ camera: scaledFocal(CAMERA, 1 / factor), frame: { sequence: seed }, features: { count: 500 } },
    ...{ turnDeg: 0, watch: startStopwatch(() => 0) },
  } as unknown as Query;
  const matched = { correspondences, place: { keyframes: [0], origin: 'retrieved' as const } };
  const attempt = await lastValueFrom(of(matched).pipe(solvePose(localizer, query)));
  return attempt.kind === 'fix' ? attempt.otherFocal : 'lost';
}

test('a focal length that is right, or nearly, is never outdone', async () => {
  for (const factor of [0.98, 1, 1.02])
    for (let seed = 0; seed < 10; seed++)
      assert.equal(await solved(factor, seed), null, `${factor}, ${seed}`);
});

test('one that is far off is, by the one tried that is the true one; or it gives no pose', async () => {
  let posed = 0;
  for (const factor of [0.5, 0.71, 0.84, 1.19, 1.41, 2])
    for (let seed = 0; seed < 10; seed++) {
      const other = await solved(factor, seed);
      if (other === 'lost') continue;
      posed++;
      assert.equal(other, factor, `seed ${seed}`);
    }
  assert.ok(posed >= 40, `${posed}`);
});
