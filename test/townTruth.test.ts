import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { quantile } from '../src/cli/evaluate.js';
import { openInput } from '../src/cli/input.js';
import type { Camera } from '../src/domain/camera.js';
import type { Frame } from '../src/domain/frame.js';
import { meanFocal } from '../src/geometry/camera.js';
import { essentialFromPoses, sampsonSquared } from '../src/geometry/epipolar.js';
import { unprojectAll } from '../src/geometry/projection.js';
import { inverse, writeMatrix3x4 } from '../src/geometry/rigid.js';
import { createTriangulateWorkspace, triangulate } from '../src/geometry/triangulate.js';
import { readTextFile } from '../src/map/posedFolder.js';
import { nearestPose } from '../src/map/trajectory.js';
import { parseTum } from '../src/map/tum.js';
import { trackCorners } from './support/opticalFlow.js';
import { repositoryPath } from './support/shared.js';

/** Pictures a corner is followed through, and where in the clip this starts. */
const LENGTH = 6;
const STARTS = [10, 40, 70];
const FAR_APART_RAD = (1 * Math.PI) / 180;

interface Window {
  readonly camera: Camera;
  /** [LENGTH x 12] camFromWorld. */
  readonly camFromWorld: Float64Array;
  readonly tracks: readonly Float64Array[];
}

async function windowsOf(clip: string): Promise<Window[]> {
  const folder = (file: string) => repositoryPath('fixtures', 'town', clip, file);
  const truth = parseTum(readTextFile(folder('poses.tum')), clip);
  const input = await openInput(folder('video.mp4'), { maxSidePx: 4096 });
  const kept: Frame[] = [];
  for await (const frame of input.frames) {
    if (STARTS.some((start) => frame.sequence >= start && frame.sequence < start + LENGTH))
      kept.push({ ...frame, pixels: frame.pixels.slice() });
    frame.release();
  }
  return Promise.all(
    STARTS.map(async (_, i) => {
      const frames = kept.slice(i * LENGTH, (i + 1) * LENGTH);
      const { camera } = frames[0];
      const camFromWorld = new Float64Array(12 * LENGTH);
      frames.forEach(({ timestampS }, j) =>
        writeMatrix3x4(inverse(nearestPose(truth, timestampS)!.worldFromCam), camFromWorld, 12 * j),
      );
      const tracks = await trackCorners(frames.map(({ pixels }) => ({ pixels, ...camera })));
      return { camera, camFromWorld, tracks };
    }),
  );
}

/** Sampson errors between the first and the last picture, px. */
function epipolarErrorsPx({ camera, camFromWorld, tracks }: Window): number[] {
  const e = new Float64Array(9);
  essentialFromPoses(camFromWorld, 0, camFromWorld, 12 * (LENGTH - 1), e);
  const bearings = new Float64Array(3 * LENGTH);
  return tracks.map((pixels) => {
    unprojectAll(camera, pixels, LENGTH, bearings);
    return meanFocal(camera) * Math.sqrt(sampsonSquared(e, bearings, 0, bearings, 3 * (LENGTH - 1)));
  });
}

/** Root mean square reprojection errors of corners seen under a fair angle, px. */
function reprojectionErrorsPx({ camera, camFromWorld, tracks }: Window): number[] {
  const views = { cameras: new Array<Camera>(LENGTH).fill(camera), camFromWorld };
  const viewOf = Array.from({ length: LENGTH }, (_, i) => i);
  const bearings = new Float64Array(3 * LENGTH);
  const workspace = createTriangulateWorkspace();
  return tracks.flatMap((pixels) => {
    unprojectAll(camera, pixels, LENGTH, bearings);
    const options = { thresholdPx: 4, minAngleRad: FAR_APART_RAD };
    const { inliers, rmsPx } = triangulate(views, viewOf, pixels, bearings, LENGTH, options, workspace);
    return inliers === LENGTH ? [rmsPx] : [];
  });
}

/** Cars and people move, so the median speaks for the street. */
for (const clip of ['day-map', 'day-other-lane', 'drone'])
  test(`${clip}: corners followed by optical flow agree with the exact poses`, {
    skip: !existsSync(repositoryPath('fixtures', 'town', clip, 'video.mp4')) && 'this clip is not rendered',
  }, async (t) => {
    const windows = await windowsOf(clip);
    const epipolar = windows.flatMap(epipolarErrorsPx);
    const reprojection = windows.flatMap(reprojectionErrorsPx);
    const [epipolarPx, reprojectionPx] = [quantile(epipolar, 0.5), quantile(reprojection, 0.5)];
    t.diagnostic(`${epipolar.length} corners, epipolar ${epipolarPx?.toFixed(3)} px`);
    t.diagnostic(`${reprojection.length} points, reprojection ${reprojectionPx?.toFixed(3)} px`);
    assert.ok(epipolar.length > 200 && reprojection.length > 100);
    assert.ok(epipolarPx !== null && epipolarPx < 0.3, `${epipolarPx} px`);
    assert.ok(reprojectionPx !== null && reprojectionPx < 0.6, `${reprojectionPx} px`);
  });
