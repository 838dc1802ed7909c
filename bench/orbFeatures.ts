import type { Frame } from '../src/domain/frame.js';
import type { CvOrb, OpenCv } from './opencv.js';

export interface OrbFeatures {
  readonly count: number;
  /** [n x 2] corner convention. */
  readonly xyPx: Float32Array;
  /** [n x 32] */
  readonly descriptors: Uint8Array;
}

/** ORB keypoints of one gray image. */
export function orbFeatures(cv: OpenCv, orb: CvOrb, { pixels, camera }: Frame): OrbFeatures {
  const { widthPx, heightPx } = camera;
  const image = cv.matFromArray(heightPx, widthPx, cv.CV_8UC1, pixels.subarray(0, widthPx * heightPx));
  const [mask, descriptors, keypoints] = [new cv.Mat(), new cv.Mat(), new cv.KeyPointVector()];
  orb.detectAndCompute(image, mask, keypoints, descriptors);
  const count = keypoints.size();
  const xyPx = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const { x, y } = keypoints.get(i).pt;
    // OpenCV counts from the first pixel's centre
    xyPx[2 * i] = x + 0.5;
    xyPx[2 * i + 1] = y + 0.5;
  }
  const features = { count, xyPx, descriptors: descriptors.data.slice(0, 32 * count) };
  for (const mat of [image, mask, descriptors, keypoints]) mat.delete();
  return features;
}
