import type { Camera } from '../src/domain/camera.js';
import type { CamFromWorld } from '../src/domain/rigid.js';
import { fromRotationMatrix } from '../src/geometry/rigid.js';
import type { CvMat, OpenCv } from './opencv.js';

export interface CvPose {
  readonly camFromWorld: CamFromWorld;
  readonly inliers: number;
}

export interface CvPoseOptions {
  readonly thresholdPx: number;
  readonly confidence: number;
  readonly maxIterations: number;
}

/** solvePnPRansac with P3P, as a user of opencv-js would call it; null where it finds nothing.
 * @param xyPx  [n x 2]    @param xyz  [n x 3] */
export function cvSolvePose(
  cv: OpenCv,
  camera: Camera,
  xyPx: Float64Array,
  xyz: Float64Array,
  { thresholdPx, confidence, maxIterations }: CvPoseOptions,
): CvPose | null {
  const count = xyPx.length / 2;
  if (count < 4) return null;
  const mats: CvMat[] = [
    cv.matFromArray(count, 3, cv.CV_64FC1, xyz),
    cv.matFromArray(count, 2, cv.CV_64FC1, xyPx),
    ...cvCamera(cv, camera),
    new cv.Mat(),
    new cv.Mat(),
    new cv.Mat(),
    new cv.Mat(),
  ];
  const [points, pixels, matrix, distortion, rvec, tvec, inliers, rotation] = mats;
  try {
    const limits = [maxIterations, thresholdPx, confidence];
    const out = [rvec, tvec, false, ...limits, inliers, cv.SOLVEPNP_P3P];
    if (!cv.solvePnPRansac(points, pixels, matrix, distortion, ...out)) return null;
    cv.Rodrigues(rvec, rotation);
    return { camFromWorld: fromRotationMatrix(rotation.data64F, tvec.data64F), inliers: inliers.rows };
  } finally {
    for (const mat of mats) mat.delete();
  }
}

/** Intrinsics and distortion as opencv takes them; fisheye lenses it takes elsewhere. */
function cvCamera(cv: OpenCv, { model, params }: Camera): readonly [CvMat, CvMat] {
  const isSimple = model === 'SIMPLE_PINHOLE' || model === 'SIMPLE_RADIAL' || model === 'RADIAL';
  const [fx, fy, cx, cy, ...lens] = isSimple ? [params[0], ...params] : params;
  if (model === 'OPENCV_FISHEYE') throw new Error('solvePnPRansac has no fisheye lens.');
  const distortion = [...lens, 0, 0, 0, 0].slice(0, 4);
  return [
    cv.matFromArray(3, 3, cv.CV_64FC1, [fx, 0, cx, 0, fy, cy, 0, 0, 1]),
    cv.matFromArray(1, 4, cv.CV_64FC1, distortion),
  ];
}
