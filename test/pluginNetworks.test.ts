import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import sharp from 'sharp';
import type { Engine, Features, GrayImage } from '../src/domain/features.js';
import { checkModel } from '../src/hfnet/checkModel.js';
import { createEngine } from '../src/hfnet/engine.js';
import { manifestAtHand, OTHERS } from './support/networkManifests.js';
import { type Portion, runSet } from './support/otherNetworkSets.js';
import { sharedPath } from './support/shared.js';

const PHOTO = sharedPath('data/kitti_a/images/000000.png');
const MAX_KEYPOINTS = 1000;

/** Networks others trained, through nothing but a manifest; then our own through the same seat. */
const NETWORKS = [
  { manifest: OTHERS.xfeat, sidePx: 640, isSubPixel: false },
  { manifest: OTHERS.xfeatLogits, sidePx: 320, isSubPixel: false },
  { manifest: OTHERS.alikedT16, sidePx: 640, isSubPixel: true },
  { manifest: 'models/hfnet.json', sidePx: 640, isSubPixel: false },
];

for (const { manifest, sidePx, isSubPixel } of NETWORKS)
  test(`${manifest} plugs in`, async (t) => {
    const manifestPath = manifestAtHand(manifest);
    if (!manifestPath || !existsSync(PHOTO)) return t.skip('the network or ../shared/data is not there');
    const photo = await grayPhoto(sidePx, null);
    const full = await grayPhoto(sidePx, Math.floor((sidePx * 3) / 4 / 32) * 32);
    const engine = await createEngine({ manifestPath, threads: 1 });
    try {
      const features = await engine.extract(photo, { maxKeypoints: MAX_KEYPOINTS });
      await t.test('plausible keypoints, also in a padded image', () => assertPlausible(features, photo));
      const fullFeatures = await engine.extract(full, { maxKeypoints: MAX_KEYPOINTS });
      if (isSubPixel) await t.test('corners lie where drawn', () => assertSquares(engine, 640, 480));
      await t.test('a shifted view matches', () => assertShiftMatches(engine, full, fullFeatures));
    } finally {
      await engine.close();
    }
    // Seven runs of the slow one would only repeat what the others show.
    if (!isSubPixel)
      await t.test('the check finds no breach', async () => {
        const nowMs = () => performance.now();
        const report = await checkModel({
          manifestPath,
          image: photo,
          maxKeypoints: MAX_KEYPOINTS,
          runs: 1,
          threads: 1,
          nowMs,
        });
        assert.deepEqual(report.violations, []);
      });
  });

interface Journey {
  readonly manifest: string;
  readonly set: string;
  /** What the default takes; POSESTREAM_ALL_QUERIES takes the whole set. */
  readonly portion: Portion;
  /** Of all queries, at (0.25 m, 2°), with the whole set. */
  readonly fine: number;
}

/** From map to pose, both networks at 640 x 480: kitti_a is 1226 x 370, karma_drone 854 x 480, so both are scaled. */
const JOURNEYS: readonly Journey[] = [
  { manifest: OTHERS.xfeat, set: 'kitti_a', portion: { keyframes: 8, queries: 6 }, fine: 32 },
  { manifest: OTHERS.xfeat, set: 'karma_drone', portion: { keyframes: 6, queries: 3 }, fine: 11 },
  { manifest: OTHERS.alikedT16, set: 'kitti_a', portion: { keyframes: 3, queries: 2 }, fine: 32 },
];
const isWhole = process.env.POSESTREAM_ALL_QUERIES !== undefined;

for (const { manifest, set, portion, fine } of JOURNEYS)
  test(`${manifest} maps ${set} and localizes in it`, async (t) => {
    const path = manifestAtHand(manifest);
    if (path === null || !existsSync(sharedPath('data', set)))
      return t.skip('the network or ../shared/data is not there');
    const result = await runSet(path, set, isWhole ? null : portion);
    t.diagnostic(
      `${result.fine} of ${result.queries} within (0.25 m, 2°), ${result.map.points.count} points`,
    );
    const { map } = result;
    // No global head: the stand-in is there, and retrieval goes by it rather than by every keyframe.
    assert.ok(map.vlad !== undefined && map.keyframes.globalDim > 0);
    assert.equal(result.queries, isWhole ? fine : portion.queries);
    assert.equal(result.fine, result.queries);
    assert.equal(result.wrong, 0);
  });

/** Whole, or cut to fill a height: then there is no padding. */
async function grayPhoto(width: number, height: number | null): Promise<GrayImage> {
  const size = height ? { width, height, fit: 'cover' as const } : { width };
  const picture = sharp(PHOTO).resize(size).grayscale().raw();
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  return { pixels: data, widthPx: info.width, heightPx: info.height };
}

function assertPlausible(features: Features, { widthPx, heightPx }: GrayImage): void {
  assert.ok(features.count >= 300, `only ${features.count} keypoints`);
  const cells = new Set<number>();
  for (let i = 0; i < features.count; i++) {
    const [x, y] = features.xyPx.subarray(2 * i, 2 * i + 2);
    assert.ok(x >= 0 && y >= 0 && x < widthPx && y < heightPx);
    cells.add(Math.floor((8 * x) / widthPx) + 8 * Math.floor((8 * y) / heightPx));
    const row = features.descriptors.subarray(features.dim * i, features.dim * (i + 1));
    assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-3);
    if (i > 0) assert.ok(features.scores[i] <= features.scores[i - 1]);
  }
  assert.ok(cells.size >= 32, `keypoints in ${cells.size} of 64 cells`);
}

/** A bright square's corners lie where they were drawn: wrong by half a pixel or by a scale would show. */
async function assertSquares(engine: Engine, widthPx: number, heightPx: number): Promise<void> {
  const pixels = new Uint8Array(widthPx * heightPx).fill(60);
  const corners: [number, number][] = [];
  for (const [left, top, size] of SQUARES) {
    for (let y = top; y < top + size; y++) pixels.fill(210, y * widthPx + left, y * widthPx + left + size);
    for (const x of [left, left + size]) for (const y of [top, top + size]) corners.push([x, y]);
  }
  const { count, xyPx } = await engine.extract({ pixels, widthPx, heightPx }, { maxKeypoints: 60 });
  const found = corners.filter(([x, y]) =>
    Array.from({ length: count }, (_, i) => Math.hypot(xyPx[2 * i] - x, xyPx[2 * i + 1] - y)).some(
      (d) => d < 0.8,
    ),
  );
  assert.ok(found.length >= 8, `${found.length} of ${corners.length} corners`);
}

const SQUARES = [
  [100, 100, 80],
  [300, 60, 60],
  [500, 300, 110],
  [120, 280, 120],
];

/** Cutting 13 columns and 5 rows off moves every keypoint by just that. */
async function assertShiftMatches(engine: Engine, photo: GrayImage, features: Features): Promise<void> {
  const [dx, dy] = [13, 5];
  const [widthPx, heightPx] = [photo.widthPx - dx, photo.heightPx - dy];
  const pixels = new Uint8Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++)
    pixels.set(
      photo.pixels.subarray((y + dy) * photo.widthPx + dx, (y + dy + 1) * photo.widthPx),
      y * widthPx,
    );
  const cut = await engine.extract({ pixels, widthPx, heightPx }, { maxKeypoints: MAX_KEYPOINTS });
  const set = { kind: 'inline', rows: cut.descriptors, dim: cut.dim } as const;
  const { index, refBest } = await engine.match(features.descriptors, set);
  let mutual = 0;
  let right = 0;
  for (let i = 0; i < features.count; i++) {
    const j = index[2 * i];
    if (refBest[j] !== i) continue;
    mutual++;
    const error = Math.hypot(
      features.xyPx[2 * i] - dx - cut.xyPx[2 * j],
      features.xyPx[2 * i + 1] - dy - cut.xyPx[2 * j + 1],
    );
    if (error < 3) right++;
  }
  assert.ok(right >= 100 && right / mutual > 0.5, `${right} of ${mutual} matches right`);
}
