import type { Camera } from '../src/domain/camera.js';
import type { MapModel } from '../src/domain/mapModel.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { inverse } from '../src/geometry/rigid.js';
import { type CvMat, knnTwo, type OpenCv } from './opencv.js';
import { cvSolvePose } from './opencvPose.js';

/** What the peer is asked with: keypoints and one descriptor each, float rows or ORB's 32 bytes. */
export interface CvQuery {
  readonly camera: Camera;
  readonly features: {
    readonly count: number;
    /** [n x 2] */
    readonly xyPx: Float32Array;
    readonly descriptors: Float32Array | Uint8Array;
  };
}

export interface CvLocalizer {
  /** knnMatch against every observation of the keyframes, ratio test, solvePnPRansac; null where fewer than 15 inliers
   * agree, the same gate as ours. */
  localize(query: CvQuery, keyframes: readonly number[]): WorldFromCam | null;
  close(): void;
}

/** Lowe's ratio as tutorials give it. */
const RATIO = 0.8;
const MIN_INLIERS = 15;
/** As in our pipeline: at 1024 px image width. */
const THRESHOLD_PX = 12 / 1024;
const RANSAC = { confidence: 0.999, maxIterations: 1000 };

/** Matching and pose as a user of opencv-js would write them, on a map of ours.
 * @param kind  float: the map's int8 rows as float; binary: signs of the rows are ORB's bits */
export function createCvLocalizer(cv: OpenCv, map: MapModel, kind: 'float' | 'binary'): CvLocalizer {
  const matcher = new cv.BFMatcher(kind === 'float' ? cv.NORM_L2 : cv.NORM_HAMMING, false);
  const rows = kind === 'float' ? floatRows(map) : binaryRows(map);
  return {
    localize: (query, keyframes) => {
      const { points, train } = stack(map, rows, keyframes);
      if (points.length < 2 || query.features.count === 0) return null;
      const matches = nearestTwo(cv, matcher, query, train, points.length, kind);
      const { xyPx, xyz } = correspondences(map, query, matches, points);
      const thresholdPx = THRESHOLD_PX * query.camera.widthPx;
      const found = cvSolvePose(cv, query.camera, xyPx, xyz, { ...RANSAC, thresholdPx });
      return found === null || found.inliers < MIN_INLIERS ? null : inverse(found.camFromWorld);
    },
    close: () => matcher.delete(),
  };
}

type Rows = Float32Array | Uint8Array;

/** Rows and points of the keyframes' observations, one after another. */
function stack({ observations }: MapModel, rows: Rows, keyframes: readonly number[]) {
  const { offsets, count, point } = observations;
  const width = rows.length / count;
  const total = keyframes.reduce((sum, k) => sum + offsets[k + 1] - offsets[k], 0);
  const train = rows instanceof Uint8Array ? new Uint8Array(total * width) : new Float32Array(total * width);
  const points = new Uint32Array(total);
  let at = 0;
  for (const k of keyframes) {
    train.set(rows.subarray(offsets[k] * width, offsets[k + 1] * width), at * width);
    points.set(point.subarray(offsets[k], offsets[k + 1]), at);
    at += offsets[k + 1] - offsets[k];
  }
  return { points, train };
}

function nearestTwo(
  cv: OpenCv,
  matcher: Parameters<typeof knnTwo>[1],
  { features }: CvQuery,
  train: Rows,
  trainCount: number,
  kind: 'float' | 'binary',
) {
  const type = kind === 'float' ? cv.CV_32FC1 : cv.CV_8UC1;
  const width = train.length / trainCount;
  const mats: CvMat[] = [
    cv.matFromArray(features.count, width, type, features.descriptors),
    cv.matFromArray(trainCount, width, type, train),
  ];
  const nearest = knnTwo(cv, matcher, mats[0], mats[1]);
  for (const mat of mats) mat.delete();
  return nearest;
}

/** Matches that pass the ratio test; two observations of one point are no rivals. */
function correspondences(
  map: MapModel,
  { features }: CvQuery,
  { index, distance }: ReturnType<typeof knnTwo>,
  points: Uint32Array,
) {
  const xyPx: number[] = [];
  const xyz: number[] = [];
  for (let i = 0; i < features.count; i++) {
    const [best, rival] = [index[2 * i], index[2 * i + 1]];
    if (best < 0) continue;
    const isSame = rival >= 0 && points[best] === points[rival];
    if (!isSame && rival >= 0 && distance[2 * i] > RATIO * distance[2 * i + 1]) continue;
    const p = points[best];
    xyPx.push(features.xyPx[2 * i], features.xyPx[2 * i + 1]);
    xyz.push(map.points.xyz[3 * p], map.points.xyz[3 * p + 1], map.points.xyz[3 * p + 2]);
  }
  return { xyPx: Float64Array.from(xyPx), xyz: Float64Array.from(xyz) };
}

const floatRows = ({ observations }: MapModel) => Float32Array.from(observations.descriptors, (v) => v / 127);

/** 256 signs to 32 bytes, the first sign the highest bit. */
function binaryRows({ observations }: MapModel): Uint8Array {
  const signs = observations.descriptors;
  const bytes = new Uint8Array(signs.length / 8);
  for (let i = 0; i < signs.length; i++) if (signs[i] > 0) bytes[i >> 3] |= 128 >> (i & 7);
  return bytes;
}
