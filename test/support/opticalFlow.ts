import { createRequire } from 'node:module';

interface Mat {
  readonly data: Uint8Array;
  readonly data32F: Float32Array;
  readonly rows: number;
  delete(): void;
}

/** The few calls of opencv-js that track corners; it knows nothing of our network or of the poses. */
interface OpenCv {
  readonly Mat: new (rows?: number, cols?: number, type?: number) => Mat;
  readonly CV_8UC1: number;
  readonly CV_32FC2: number;
  goodFeaturesToTrack(image: Mat, corners: Mat, most: number, quality: number, distance: number): void;
  calcOpticalFlowPyrLK(from: Mat, to: Mat, at: Mat, found: Mat, status: Mat, error: Mat): void;
  matFromArray(rows: number, cols: number, type: number, data: ArrayLike<number>): Mat;
  onRuntimeInitialized?: () => void;
}

/** Ready once, for all: the module calls back one listener only. It is thenable, so it travels in an object. */
const ready: Promise<{ readonly cv: OpenCv }> = (async () => {
  const cv: OpenCv = createRequire(import.meta.url)('@techstark/opencv-js');
  if (cv.Mat === undefined)
    await new Promise<void>((resolve) => {
      cv.onRuntimeInitialized = resolve;
    });
  return { cv };
})();

export interface Picture {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Farthest a corner may land from its start when it is tracked forth and back. */
const ROUND_TRIP_PX = 0.1;

/** Corners of the first picture followed through the others by pyramidal Lucas-Kanade (Bouguet 2000).
 * @returns one track per corner that survived: [pictures x 2] pixels, corner convention */
export async function trackCorners(pictures: readonly Picture[], most = 400): Promise<Float64Array[]> {
  const { cv } = await ready;
  const mats = pictures.map(({ pixels, widthPx, heightPx }) =>
    cv.matFromArray(heightPx, widthPx, cv.CV_8UC1, pixels),
  );
  const corners = new cv.Mat();
  cv.goodFeaturesToTrack(mats[0], corners, most, 0.02, 8);
  const steps = [Float32Array.from(corners.data32F)];
  const alive = new Uint8Array(corners.rows).fill(1);
  corners.delete();
  for (let i = 1; i < mats.length; i++) {
    const forth = flow(cv, mats[i - 1], mats[i], steps[i - 1]);
    const back = flow(cv, mats[i], mats[i - 1], forth.at);
    steps.push(forth.at);
    for (let c = 0; c < alive.length; c++) {
      const [dx, dy] = [back.at[2 * c] - steps[i - 1][2 * c], back.at[2 * c + 1] - steps[i - 1][2 * c + 1]];
      if (!forth.status[c] || !back.status[c] || !(Math.hypot(dx, dy) < ROUND_TRIP_PX)) alive[c] = 0;
    }
  }
  for (const mat of mats) mat.delete();
  return [...alive.keys()]
    .filter((c) => alive[c])
    .map((c) => Float64Array.from(steps.flatMap((at) => [at[2 * c] + 0.5, at[2 * c + 1] + 0.5])));
}

function flow(cv: OpenCv, from: Mat, to: Mat, at: Float32Array) {
  const start = cv.matFromArray(at.length / 2, 1, cv.CV_32FC2, at);
  const [found, status, error] = [new cv.Mat(), new cv.Mat(), new cv.Mat()];
  cv.calcOpticalFlowPyrLK(from, to, start, found, status, error);
  const result = { at: Float32Array.from(found.data32F), status: Uint8Array.from(status.data) };
  for (const mat of [start, found, status, error]) mat.delete();
  return result;
}
