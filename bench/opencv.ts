import { createRequire } from 'node:module';

/** The few calls of opencv-js that the bench compares against. Everything it hands out lives in WebAssembly memory
 * until `delete()`. */
export interface OpenCv {
  readonly Mat: new () => CvMat;
  readonly KeyPointVector: new () => CvVector<CvKeyPoint>;
  readonly DMatchVectorVector: new () => CvVector<CvVector<CvMatch>>;
  readonly ORB: new (maxFeatures: number) => CvOrb;
  readonly BFMatcher: new (norm: number, crossCheck: boolean) => CvMatcher;
  readonly CV_64F: number;
  readonly CV_64FC1: number;
  readonly CV_32FC1: number;
  readonly CV_8UC1: number;
  readonly NORM_L2: number;
  readonly NORM_HAMMING: number;
  readonly SOLVEPNP_P3P: number;
  matFromArray(rows: number, cols: number, type: number, data: ArrayLike<number>): CvMat;
  setRNGSeed(seed: number): void;
  solvePnP(...args: readonly unknown[]): boolean;
  solvePnPRansac(...args: readonly unknown[]): boolean;
  Rodrigues(vector: CvMat, matrix: CvMat): void;
  onRuntimeInitialized?: () => void;
}

export interface CvMat {
  readonly data: Uint8Array;
  readonly data32S: Int32Array;
  readonly data64F: Float64Array;
  readonly rows: number;
  readonly cols: number;
  delete(): void;
}

export interface CvVector<T> {
  size(): number;
  /** Vectors come as copies that want their own `delete()`. */
  get(index: number): T;
  delete(): void;
}

export interface CvKeyPoint {
  readonly pt: { readonly x: number; readonly y: number };
  readonly response: number;
}

export interface CvMatch {
  readonly queryIdx: number;
  readonly trainIdx: number;
  readonly distance: number;
}

export interface CvOrb {
  detectAndCompute(image: CvMat, mask: CvMat, keypoints: CvVector<CvKeyPoint>, descriptors: CvMat): void;
  delete(): void;
}

export interface CvMatcher {
  knnMatch(query: CvMat, train: CvMat, matches: CvVector<CvVector<CvMatch>>, k: number): void;
  delete(): void;
}

/** opencv-js, once its WebAssembly is ready. */
export async function loadOpenCv(): Promise<OpenCv> {
  const loaded: OpenCv = createRequire(import.meta.url)('@techstark/opencv-js');
  if (loaded.Mat === undefined)
    await new Promise<void>((resolve) => {
      loaded.onRuntimeInitialized = resolve;
    });
  // the module is thenable, so it must not be what this promise resolves to
  return new Proxy(loaded, { get: (cv, key) => (key === 'then' ? undefined : Reflect.get(cv, key)) });
}

/** Best and second row of `train` for every row of `query`; the second is -1 where there is none. */
export interface CvNearest {
  /** [2n] */
  readonly index: Int32Array;
  /** [2n] */
  readonly distance: Float32Array;
}

export function knnTwo(cv: OpenCv, matcher: CvMatcher, query: CvMat, train: CvMat): CvNearest {
  const matches = new cv.DMatchVectorVector();
  matcher.knnMatch(query, train, matches, 2);
  const n = query.rows;
  const out = { index: new Int32Array(2 * n).fill(-1), distance: new Float32Array(2 * n) };
  for (let i = 0; i < matches.size(); i++) {
    const pair = matches.get(i);
    for (let j = 0; j < Math.min(2, pair.size()); j++) {
      const { queryIdx, trainIdx, distance } = pair.get(j);
      out.index[2 * queryIdx + j] = trainIdx;
      out.distance[2 * queryIdx + j] = distance;
    }
    pair.delete();
  }
  matches.delete();
  return out;
}
