import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Camera } from '../domain/camera.js';
import type { Engine } from '../domain/features.js';
import { resizeCamera } from '../geometry/camera.js';
import { createEngine } from '../hfnet/engine.js';
import { findColmap } from '../map/sfm/runColmap.js';
import { type SfmImage, type SfmProgress, sfmColmap } from '../map/sfm/sfmColmap.js';
import { openImages } from '../streams/imageFolder.js';
import { type BuildMapOptions, matcherOf, nameOf, writeKeyframes } from './buildMapFile.js';
import { readIntrinsics } from './input.js';
import { type SfmFolder, sfmImages, unknownCamera } from './sfmImages.js';
import { type Progress, say, startProgress } from './terminal.js';
import { assertWritable } from './writable.js';

/** Images without poses → our features and matches → COLMAP's poses → map file, in a scale of its own. */
export async function sfmMapFile(path: string, options: BuildMapOptions, signal: AbortSignal): Promise<void> {
  assertWritable(options.out);
  await findColmap({ program: 'colmap', signal });
  const engine = await createEngine({ manifestPath: options.model, threads: options.threads });
  const scratch = mkdtempSync(join(tmpdir(), 'posestream-stills-'));
  try {
    const pictures = await sfmImages(path, scratch, { ...options, signal });
    const images = await extract(pictures, engine, options, signal);
    if (signal.aborted) return;
    const { keyframes, unplaced } = await reconstruct(pictures, images, engine, options, signal);
    say(formatPlaced(keyframes.length, unplaced));
    await writeKeyframes(
      keyframes,
      { engine, scale: 'arbitrary', name: nameOf(path, options) },
      options,
      signal,
    );
  } finally {
    await engine.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Where more than a fifth is missing, so is part of the place: then with what may help. */
export function formatPlaced(placed: number, unplaced: readonly string[]): string {
  const total = placed + unplaced.length;
  const missing = unplaced.length > 0 ? `; not ${unplaced[0]}${unplaced.length > 1 ? ' …' : ''}` : '';
  const advice =
    unplaced.length > 0.2 * total
      ? '\n  → The map holds only part of the place. --intrinsics, or slower motion past near things, often help.'
      : '';
  return `COLMAP placed ${placed} of ${total} images${missing}${advice}`;
}

async function extract(
  { folder, files }: SfmFolder,
  engine: Engine,
  options: BuildMapOptions,
  signal: AbortSignal,
): Promise<SfmImage[]> {
  const progress = startProgress('Extracting features', files.length);
  const entries = files.map(({ name, timeS, widthPx, heightPx }) => ({
    name,
    path: join(folder, name),
    timestampS: timeS,
    camera: unknownCamera(widthPx, heightPx),
  }));
  const images: SfmImage[] = [];
  try {
    for await (const { camera, pixels, release } of openImages(entries, {
      maxSidePx: options.maxSidePx,
      signal,
    })) {
      const { widthPx, heightPx } = camera;
      const extraction = engine.extract({ pixels, widthPx, heightPx }, { maxKeypoints: options.keypoints });
      release();
      const features = await extraction;
      images.push({
        ...files[images.length],
        features,
        featuresWidthPx: widthPx,
        featuresHeightPx: heightPx,
      });
      progress.update(images.length);
    }
  } finally {
    progress.stop();
  }
  return images;
}

const STAGE: Readonly<Record<SfmProgress['stage'], string>> = {
  match: 'Matching pairs',
  verify: 'COLMAP verifies',
  map: 'COLMAP maps',
};

async function reconstruct(
  { folder, files }: SfmFolder,
  images: readonly SfmImage[],
  engine: Engine,
  options: BuildMapOptions,
  signal: AbortSignal,
) {
  let stage: SfmProgress['stage'] | null = null;
  let bar: Progress | null = null;
  const show = (progress: SfmProgress) => {
    if (progress.stage !== stage) {
      bar?.stop();
      bar = startProgress(STAGE[progress.stage], progress.total);
      stage = progress.stage;
    }
    bar?.update(progress.done);
  };
  try {
    const camera = cameraOf(files[0], options);
    return await sfmColmap({
      imagesFolder: folder,
      images,
      camera,
      match: matcherOf(engine),
      signal,
      onProgress: show,
    });
  } finally {
    (bar as Progress | null)?.stop();
  }
}

/** Intrinsics at the size of the files; null lets COLMAP estimate them. */
function cameraOf(
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
  options: BuildMapOptions,
): Camera | null {
  return options.intrinsics === undefined
    ? null
    : resizeCamera(readIntrinsics(options.intrinsics), widthPx, heightPx);
}
