import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Camera } from '../../domain/camera.js';
import { PosestreamError } from '../../domain/errors.js';
import type { Features } from '../../domain/features.js';
import { resizeCamera } from '../../geometry/camera.js';
import { inverse } from '../../geometry/rigid.js';
import type { KeyframeInput, Match } from '../build/options.js';
import { mutualMatches } from '../build/verifyPair.js';
import { readColmapModel } from '../colmap/folder.js';
import type { ColmapModel } from '../colmap/model.js';
import { keypointText, matchText, writeKeypoints } from './importFiles.js';
import { type ColmapProgram, runColmap } from './runColmap.js';
import { chooseSfmPairs, SFM_PAIRS } from './sfmPairs.js';

/** An image without a pose. */
export interface SfmImage {
  /** Path below the images folder. */
  readonly name: string;
  readonly timeS: number;
  /** Size of the file's image. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of the image resized to `featuresWidthPx` x `featuresHeightPx`. */
  readonly features: Features;
  readonly featuresWidthPx: number;
  readonly featuresHeightPx: number;
}

export interface SfmRequest {
  readonly imagesFolder: string;
  readonly images: readonly SfmImage[];
  /** Intrinsics of the files' size, kept as they are; null lets COLMAP estimate one camera for all images. */
  readonly camera: Camera | null;
  readonly match: Match;
  readonly program?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SfmProgress) => void;
}

export interface SfmProgress {
  readonly stage: 'match' | 'verify' | 'map';
  readonly done: number;
  readonly total: number;
}

export interface SfmResult {
  /** Keyframes for `buildMap`, cameras at the size the features are from. Scale is arbitrary. */
  readonly keyframes: readonly KeyframeInput[];
  /** Images that COLMAP could not place. */
  readonly unplaced: readonly string[];
}

/** Stricter than with known poses: COLMAP drops pairs with fewer than a quarter of right matches. */
const RATIO = 0.9;
/** Fewer matches never place an image. */
const MIN_MATCHES = 15;

/** A third of COLMAP's own: a camera that flies or drives ahead past far things sees most of them under less than 1.5
 * degrees, and then has too few points to go on with. A drone's flight ahead, 31 stills: 15 placed, on a bent path, against
 * 31 within 0.11 m of 45 m. */
const MIN_PARALLAX_DEG = '0.5';

/** Poses of images from our own features and matches, by an installed COLMAP: its importers, its mapper, its model read
 * back. Throws E_COLMAP_MISSING, E_COLMAP_FAILED, E_MAP_INPUT. */
export async function sfmColmap(request: SfmRequest): Promise<SfmResult> {
  const colmap: ColmapProgram = { program: request.program ?? 'colmap', signal: request.signal };
  const report = request.onProgress ?? (() => undefined);
  const work = mkdtempSync(join(tmpdir(), 'posestream-sfm-'));
  try {
    await importFeatures(colmap, work, request);
    await importMatches(colmap, work, request, report);
    report({ stage: 'map', done: 0, total: 1 });
    const model = await mapImages(colmap, work, request);
    report({ stage: 'map', done: 1, total: 1 });
    return resultOf(request.images, model);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function importFeatures(
  colmap: ColmapProgram,
  work: string,
  { images, imagesFolder, camera }: SfmRequest,
): Promise<void> {
  const folder = join(work, 'keypoints');
  mkdirSync(folder);
  for (const image of images) {
    const sx = image.widthPx / image.featuresWidthPx;
    const sy = image.heightPx / image.featuresHeightPx;
    writeKeypoints(folder, image.name, keypointText(image.features, sx, sy));
  }
  const list = join(work, 'images.txt');
  writeFileSync(list, `${images.map(({ name }) => name).join('\n')}\n`);
  await runColmap(colmap, 'feature_importer', {
    database_path: join(work, 'database.db'),
    image_path: imagesFolder,
    import_path: folder,
    image_list_path: list,
    'ImageReader.single_camera': '1',
    'ImageReader.camera_model': camera?.model ?? 'SIMPLE_RADIAL',
    ...(camera === null ? {} : { 'ImageReader.camera_params': camera.params.join(',') }),
  });
}

async function importMatches(
  colmap: ColmapProgram,
  work: string,
  { images, match }: SfmRequest,
  report: (progress: SfmProgress) => void,
): Promise<void> {
  const pairs = chooseSfmPairs(
    images.map(({ features }) => features.global),
    SFM_PAIRS,
  );
  const texts: string[] = [];
  for (const [done, [i, j]] of pairs.entries()) {
    const [a, b] = [images[i], images[j]];
    if (a.features.count > 0 && b.features.count > 0) {
      const nearest = await match(a.features.descriptors, b.features.descriptors);
      const rows = mutualMatches(nearest, RATIO);
      if (rows.length >= 2 * MIN_MATCHES) texts.push(matchText(a.name, b.name, rows));
    }
    report({ stage: 'match', done: done + 1, total: pairs.length });
  }
  const list = join(work, 'matches.txt');
  writeFileSync(list, texts.join(''));
  report({ stage: 'verify', done: 0, total: 1 });
  await runColmap(colmap, 'matches_importer', {
    database_path: join(work, 'database.db'),
    match_list_path: list,
    match_type: 'raw',
  });
  report({ stage: 'verify', done: 1, total: 1 });
}

async function mapImages(
  colmap: ColmapProgram,
  work: string,
  { imagesFolder, camera }: SfmRequest,
): Promise<ColmapModel> {
  const sparse = join(work, 'sparse');
  mkdirSync(sparse);
  const keep: Record<string, string> =
    camera === null ? {} : { 'Mapper.ba_refine_focal_length': '0', 'Mapper.ba_refine_extra_params': '0' };
  await runColmap(colmap, 'mapper', {
    database_path: join(work, 'database.db'),
    image_path: imagesFolder,
    output_path: sparse,
    'Mapper.tri_min_angle': MIN_PARALLAX_DEG,
    'Mapper.filter_min_tri_angle': MIN_PARALLAX_DEG,
    ...keep,
  });
  return largestModel(sparse);
}

/** COLMAP writes one folder for each piece it could put together. */
function largestModel(sparse: string): ColmapModel {
  const models = readdirSync(sparse)
    .sort()
    .map((piece) => join(sparse, piece))
    .filter((piece) => existsSync(join(piece, 'images.bin')))
    .map(readColmapModel)
    .sort((a, b) => b.images.length - a.images.length);
  if (models.length > 0) return models[0];
  throw new PosestreamError('E_COLMAP_FAILED', 'COLMAP could not place any two of the images.', {
    hint: 'Take images that overlap by more than half and are seen from different places, or give --intrinsics.',
  });
}

function resultOf(images: readonly SfmImage[], model: ColmapModel): SfmResult {
  const placed = new Map(model.images.map((image) => [image.name, image]));
  const keyframes = images.flatMap(
    ({ name, timeS, features, featuresWidthPx, featuresHeightPx }): KeyframeInput[] => {
      const image = placed.get(name);
      if (image === undefined) return [];
      const camera = resizeCamera(model.cameras.get(image.cameraId)!, featuresWidthPx, featuresHeightPx);
      return [{ name, timeS, camera, worldFromCam: inverse(image.camFromWorld), features }];
    },
  );
  const unplaced = images.map(({ name }) => name).filter((name) => !placed.has(name));
  return { keyframes, unplaced };
}
