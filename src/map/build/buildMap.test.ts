import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIM, loopMatch, type SceneOptions, type TrueScene, trueScene } from '../../../test/mapFuzzScene.js';
import { PosestreamError } from '../../domain/errors.js';
import type { MapModel } from '../../domain/mapModel.js';
import type { WorldFromCam } from '../../domain/rigid.js';
import { parseCamera } from '../../geometry/camera.js';
import { inverse, rigid } from '../../geometry/rigid.js';
import { encodeMap } from '../container.js';
import { buildMap } from './buildMap.js';
import type { BuildOptions, KeyframeInput } from './options.js';

const PINHOLE = parseCamera('PINHOLE', 1000, 700, [700, 700, 500, 350]);
const LENSES = [
  PINHOLE,
  parseCamera('SIMPLE_RADIAL', 640, 480, [420, 320, 240, -0.1]),
  parseCamera('OPENCV_FISHEYE', 800, 800, [300, 300, 400, 400, -0.01, 0.02, -0.01, 0.002]),
];
const SCENE: SceneOptions = {
  keyframes: 10,
  points: 300,
  cameras: [PINHOLE],
  noisePx: 0.5,
  clutter: 100,
  scale: 1,
  seed: 3,
};
const OPTIONS: BuildOptions = {
  name: 'synthetic',
  builtWith: 'test',
  model: { name: 'toy', version: '1', sha256: 'ab'.repeat(32), descriptorDim: DIM, globalDim: DIM },
  scale: 'metric',
  maxSidePx: 1000,
};

function build(images: readonly KeyframeInput[], options: BuildOptions = OPTIONS): Promise<MapModel> {
  return buildMap({ images, match: loopMatch, options });
}

/** For each map point: the true point all its observations come from, or -1 where they disagree or are clutter. */
function trueIdentity(map: MapModel, { images, truth }: TrueScene): Int32Array {
  const identity = new Int32Array(map.points.count).fill(-2);
  for (const [k, { features }] of images.entries())
    for (let o = map.observations.offsets[k]; o < map.observations.offsets[k + 1]; o++) {
      const x = map.observations.xyPx[2 * o];
      const keypoint = Array.from({ length: features.count }, (_, i) => i).find(
        (i) => features.xyPx[2 * i] === x,
      )!;
      const point = map.observations.point[o];
      const seen = truth[k][keypoint];
      identity[point] = identity[point] === -2 || identity[point] === seen ? seen : -1;
    }
  return identity;
}

function distances(map: MapModel, scene: TrueScene, identity: Int32Array): number[] {
  return Array.from(identity, (p, i) =>
    p < 0
      ? Number.NaN
      : Math.hypot(...[0, 1, 2].map((d) => map.points.xyz[3 * i + d] - scene.points[3 * p + d])),
  )
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
}

function seenTwice({ truth, points }: TrueScene): number {
  const seen = new Uint8Array(points.length / 3);
  for (const row of truth) for (const p of row) if (p >= 0) seen[p]++;
  return seen.filter((n) => n >= 2).length;
}

test('points come out where they are, each from one true point', async () => {
  const scene = trueScene(SCENE);
  const map = await build(scene.images);
  const identity = trueIdentity(map, scene);
  const pure = identity.filter((p) => p >= 0).length;
  assert.ok(
    new Set(identity).size > 0.95 * seenTwice(scene),
    `${new Set(identity).size} of ${seenTwice(scene)}`,
  );
  assert.ok(pure >= 0.99 * map.points.count, `${pure} of ${map.points.count} pure`);
  const d = distances(map, scene, identity);
  assert.ok(d[d.length >> 1] < 0.02, `median ${d[d.length >> 1]}`);
  assert.ok(d[Math.floor(0.95 * d.length)] < 0.15, `95 % ${d[Math.floor(0.95 * d.length)]}`);
});

test('lenses of different kinds meet in one map', async () => {
  const scene = trueScene({ ...SCENE, cameras: LENSES, seed: 4 });
  const map = await build(scene.images);
  assert.equal(map.header.cameras.length, 3);
  assert.deepEqual([...map.keyframes.camera.slice(0, 4)], [0, 1, 2, 0]);
  const identity = trueIdentity(map, scene);
  assert.ok(identity.filter((p) => p >= 0).length >= 0.98 * map.points.count);
  assert.ok(
    new Set(identity).size > 0.9 * seenTwice(scene),
    `${new Set(identity).size} of ${seenTwice(scene)}`,
  );
});

test('the same input gives the same bytes', async () => {
  const { images } = trueScene({ ...SCENE, keyframes: 4, points: 100 });
  assert.deepEqual(encodeMap(await build(images)), encodeMap(await build(images)));
});

test('the unit of length does not matter', async () => {
  const near = await build(trueScene({ ...SCENE, keyframes: 5, points: 150 }).images);
  const far = await build(trueScene({ ...SCENE, keyframes: 5, points: 150, scale: 4096 }).images);
  assert.ok(Math.abs(far.points.count - near.points.count) <= 2, `${far.points.count} ${near.points.count}`);
});

test('two keyframes are enough', async () => {
  const { images } = trueScene({ ...SCENE, keyframes: 10 });
  const map = await build(images.slice(3, 5));
  assert.ok(map.points.count > 80, `${map.points.count}`);
  assert.deepEqual([...map.covisibility.weight], [map.points.count, map.points.count]);
});

test('poses of the wrong direction give no map', async () => {
  const { images } = trueScene(SCENE);
  const swaps: readonly ((pose: WorldFromCam) => WorldFromCam)[] = [
    (pose) => rigid(inverse(pose).q, inverse(pose).t),
    ({ q, t }) => ({ q, t: [t[1], t[2], 3 * t[0]] }),
  ];
  for (const swap of swaps) {
    const wrong = images.map((image) => ({ ...image, worldFromCam: swap(image.worldFromCam) }));
    await assert.rejects(
      build(wrong),
      (e: unknown) =>
        e instanceof PosestreamError && e.code === 'E_MAP_EMPTY' && /camera-to-world/.test(e.hint ?? ''),
    );
  }
});

test('input that cannot make a map is refused', async () => {
  const { images } = trueScene({ ...SCENE, keyframes: 3, points: 50 });
  const refused = (list: readonly KeyframeInput[], words: RegExp, options = OPTIONS) =>
    assert.rejects(
      build(list, options),
      (e: unknown) => e instanceof PosestreamError && e.code === 'E_MAP_INPUT' && words.test(e.message),
    );
  await refused([], /there are none/);
  await refused([images[0]], /there is 1/);
  await refused([images[0], images[0]], /k0\.png comes twice/);
  await refused(images, /32-d descriptors/, { ...OPTIONS, model: { ...OPTIONS.model, descriptorDim: 64 } });
});

test('progress counts every pair', async () => {
  const { images } = trueScene({ ...SCENE, keyframes: 4, points: 60 });
  const seen: string[] = [];
  await buildMap({
    images,
    match: loopMatch,
    options: OPTIONS,
    onProgress: ({ stage, done, total }) => seen.push(`${stage} ${done}/${total}`),
  });
  assert.deepEqual(seen, [
    'pairs 1/1',
    ...[1, 2, 3, 4, 5, 6].map((n) => `match ${n}/6`),
    'triangulate 1/1',
    'write 1/1',
  ]);
});

test('an image without keypoints becomes a keyframe without points', async () => {
  const { images } = trueScene({ ...SCENE, keyframes: 4, points: 100 });
  const none = new Float32Array(0);
  const black = {
    ...images[1],
    features: { ...images[1].features, count: 0, xyPx: none, scores: none, descriptors: none },
  };
  const map = await build([images[0], black, images[2], images[3]]);
  assert.equal(map.observations.offsets[1], map.observations.offsets[2]);
  assert.ok(map.points.count > 10);
});
