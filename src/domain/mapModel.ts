import type { Camera } from './camera.js';
import type { ModelIdentity } from './features.js';

/** Typed views over one buffer; every array little-endian and aligned. K keyframes, P points, O observations,
 * D descriptor size, G global size. Frames: `world` is the map's own. */
export interface MapModel {
  readonly header: MapHeader;
  /** Hex digest of the whole container. */
  readonly sha256: string;
  readonly keyframes: Keyframes;
  readonly points: MapPoints;
  readonly observations: Observations;
  readonly covisibility: Covisibility;
  /** Only where the network has no global head. */
  readonly vlad?: Vlad;
}

export interface Keyframes {
  readonly count: number;
  readonly names: readonly string[];
  /** [K] the input's own timestamps, NaN where unknown. */
  readonly timeS: Float64Array;
  /** [K x 7] worldFromCam as tx ty tz qx qy qz qw. */
  readonly worldFromCam: Float64Array;
  /** [K] index into header.cameras. */
  readonly camera: Uint32Array;
  /** [K x G] unit rows after PCA; length 0 where the network has no global head. */
  readonly globals: Float32Array;
  readonly globalDim: number;
}

export interface MapPoints {
  readonly count: number;
  /** [P x 3] world coordinates. */
  readonly xyz: Float64Array;
  /** [P] number of observations. */
  readonly trackLength: Uint16Array;
  /** [P] root mean square reprojection error. */
  readonly errorPx: Float32Array;
}

/** Compressed rows by keyframe: those of keyframe k are offsets[k] .. offsets[k + 1]. */
export interface Observations {
  readonly count: number;
  /** [K + 1] */
  readonly offsets: Uint32Array;
  /** [O] */
  readonly point: Uint32Array;
  /** [O x 2] pixels of the keyframe's camera. */
  readonly xyPx: Float32Array;
  /** [O x D] unit rows x 127. */
  readonly descriptors: Int8Array;
  readonly dim: number;
}

/** Compressed rows by keyframe, heaviest neighbour first. */
export interface Covisibility {
  readonly offsets: Uint32Array;
  readonly neighbour: Uint32Array;
  /** Shared points. */
  readonly weight: Uint32Array;
}

/** Projection from the network's raw global descriptor to the map's: unit((raw - mean) * basis). */
export interface GlobalPca {
  readonly inputDim: number;
  readonly outputDim: number;
  readonly mean: readonly number[];
  /** Row-major [outputDim x inputDim]. */
  readonly basis: readonly number[];
}

/** What stands in for a network's global head: the residuals of its local descriptors to `clusters` centres, fitted to
 * this map, each centre's sum of unit length, then projected. */
export interface Vlad {
  readonly clusters: number;
  /** A descriptor's share in a centre falls with exp(-sharpness * distance^2). */
  readonly sharpness: number;
  /** The best keypoints of an image that count. */
  readonly keypoints: number;
  /** Row-major [clusters x D]. */
  readonly centres: Float32Array;
  readonly outputDim: number;
  /** [clusters * D] */
  readonly mean: Float32Array;
  /** Row-major [outputDim x clusters * D]. */
  readonly basis: Float32Array;
}

export interface MapHeader {
  readonly name: string;
  readonly builtWith: string;
  readonly model: ModelIdentity;
  readonly cameras: readonly Camera[];
  readonly scale: 'metric' | 'arbitrary';
  /** Longest image side the keyframes were extracted at. */
  readonly maxSidePx: number;
  readonly pca: GlobalPca | null;
  /** WGS84 of the world origin; world axes are east, north, up where it is given. */
  readonly anchor: { readonly latDeg: number; readonly lonDeg: number; readonly altM: number } | null;
}
