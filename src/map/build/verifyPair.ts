import type { NearestTwo } from '../../domain/features.js';
import { focalX } from '../../geometry/camera.js';
import { essentialFromPoses, sampsonSquared } from '../../geometry/epipolar.js';
import { type BuildTuning, scaledPx } from './options.js';
import type { Views } from './views.js';

/** Matches between keypoints of two keyframes, numbered through all keyframes. */
export interface KeypointMatches {
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  /** Cosine of the two descriptors. */
  readonly dot: Float32Array;
}

/** Mutual nearest neighbours that pass the ratio test, as rows of the two sets.
 * d^2 = 2 (1 - dot), so the test d1^2 <= ratio^2 d2^2 needs no root. */
export function mutualMatches(nearest: NearestTwo, ratio: number): Uint32Array {
  const { index, dot, refBest } = nearest;
  const rows: number[] = [];
  for (let i = 0; 2 * i < index.length; i++) {
    const row = index[2 * i];
    if (row < 0 || refBest[row] !== i) continue;
    const hasSecond = index[2 * i + 1] >= 0;
    if (hasSecond && 1 - dot[2 * i] > ratio * ratio * (1 - dot[2 * i + 1])) continue;
    rows.push(i, row);
  }
  return Uint32Array.from(rows);
}

/** Keeps the matches that lie on each other's epipolar line under the known poses. The whole pair is given up where
 * no more agree than would by chance. @returns null for a pair given up */
export function verifyPair(
  views: Views,
  [a, b]: readonly [number, number],
  nearest: NearestTwo,
  tuning: Pick<BuildTuning, 'ratio' | 'epipolarPx' | 'minMatches'>,
): KeypointMatches | null {
  const rows = mutualMatches(nearest, tuning.ratio);
  const e = new Float64Array(9);
  essentialFromPoses(views.camFromWorld, 12 * a, views.camFromWorld, 12 * b, e);
  const [cameraA, cameraB] = [views.cameras[a], views.cameras[b]];
  const limit = Math.max(
    scaledPx(tuning.epipolarPx, cameraA) / focalX(cameraA),
    scaledPx(tuning.epipolarPx, cameraB) / focalX(cameraB),
  );
  const kept: number[] = [];
  for (let m = 0; m < rows.length; m += 2) {
    const i = views.firstKeypoint[a] + rows[m];
    const j = views.firstKeypoint[b] + rows[m + 1];
    if (sampsonSquared(e, views.bearings, 3 * i, views.bearings, 3 * j) < limit * limit) kept.push(m);
  }
  const byChance = (rows.length / 2) * ((4 * scaledPx(tuning.epipolarPx, cameraB)) / cameraB.heightPx);
  if (kept.length < tuning.minMatches + byChance) return null;
  return {
    a: Uint32Array.from(kept, (m) => views.firstKeypoint[a] + rows[m]),
    b: Uint32Array.from(kept, (m) => views.firstKeypoint[b] + rows[m + 1]),
    dot: Float32Array.from(kept, (m) => nearest.dot[rows[m] * 2]),
  };
}
