import type { MapContent } from '../src/map/container.js';

/** The same for a network without a global head: a VLAD stands in. */
export function smallVladMap(): MapContent {
  const map = smallMap();
  const [clusters, outputDim, inputDim] = [2, 3, 2 * map.observations.dim];
  const numbers = (length: number) => Float32Array.from({ length }, (_, i) => ((i * 7) % 11) / 11 - 0.4);
  return {
    ...map,
    header: { ...map.header, model: { ...map.header.model, globalDim: 0 } },
    vlad: {
      ...{ clusters, outputDim, sharpness: 50, keypoints: 1000 },
      centres: numbers(inputDim),
      mean: numbers(inputDim),
      basis: numbers(outputDim * inputDim),
    },
  };
}

/** A map of three keyframes and four points, small enough to flip every bit of. */
export function smallMap(): MapContent {
  const dim = 4;
  const point = Uint32Array.from([0, 1, 2, 1, 2, 3, 0, 3]);
  return {
    header: {
      name: 'small',
      builtWith: 'test',
      model: { name: 'toy', version: '1', sha256: 'ab'.repeat(32), descriptorDim: dim, globalDim: 3 },
      cameras: [{ model: 'PINHOLE', params: [500, 510, 320, 240], widthPx: 640, heightPx: 480 }],
      scale: 'metric',
      maxSidePx: 640,
      pca: null,
      anchor: { latDeg: 47.5, lonDeg: 8.25, altM: 400 },
    },
    keyframes: {
      count: 3,
      names: ['a.png', 'b ü.png', 'c.png'],
      timeS: Float64Array.from([0, 0.1, Number.NaN]),
      worldFromCam: Float64Array.from(
        [
          [0, 0, 0, 0, 0, 0, 1],
          [1, 0, 0, 0, 0.6, 0, 0.8],
          [2, 0.5, -1, 0.5, -0.5, 0.5, 0.5],
        ].flat(),
      ),
      camera: new Uint32Array(3),
      globals: Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0.6, 0.8]),
      globalDim: 3,
    },
    points: {
      count: 4,
      xyz: Float64Array.from({ length: 12 }, (_, i) => i / 3),
      trackLength: Uint16Array.from([2, 2, 2, 2]),
      errorPx: Float32Array.from([0.5, 0.25, 1, 0.125]),
    },
    observations: {
      count: point.length,
      offsets: Uint32Array.from([0, 3, 6, 8]),
      point,
      xyPx: Float32Array.from({ length: 2 * point.length }, (_, i) => 10 * i + 0.5),
      descriptors: Int8Array.from({ length: dim * point.length }, (_, i) => ((i * 37) % 255) - 127),
      dim,
    },
    covisibility: {
      offsets: Uint32Array.from([0, 2, 4, 6]),
      neighbour: Uint32Array.from([1, 2, 0, 2, 0, 1]),
      weight: Uint32Array.from([2, 1, 2, 1, 1, 1]),
    },
  };
}
