import { createRequire } from 'node:module';

/** The few calls of opencv-js that the bench compares against. */
export interface OpenCv {
  readonly Mat: new () => CvMat;
  readonly CV_64F: number;
  readonly CV_64FC1: number;
  readonly SOLVEPNP_P3P: number;
  matFromArray(rows: number, cols: number, type: number, data: ArrayLike<number>): CvMat;
  setRNGSeed(seed: number): void;
  solvePnP(...args: readonly unknown[]): boolean;
  solvePnPRansac(...args: readonly unknown[]): boolean;
  Rodrigues(vector: CvMat, matrix: CvMat): void;
  onRuntimeInitialized?: () => void;
}

export interface CvMat {
  readonly data64F: Float64Array;
  readonly rows: number;
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
