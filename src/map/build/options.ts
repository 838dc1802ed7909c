import type { Camera } from '../../domain/camera.js';
import type { Features, ModelIdentity, NearestTwo } from '../../domain/features.js';
import type { MapHeader } from '../../domain/mapModel.js';
import type { WorldFromCam } from '../../domain/rigid.js';

/** A keyframe to be mapped: its pose and what the network says of it. */
export interface KeyframeInput {
  readonly name: string;
  /** The input's own timestamp; NaN where it has none. */
  readonly timeS: number;
  readonly camera: Camera;
  readonly worldFromCam: WorldFromCam;
  readonly features: Features;
}

/** Nearest two reference rows of every query row; the engine's matcher. */
export type Match = (query: Float32Array, ref: Float32Array) => Promise<NearestTwo>;

export interface BuildOptions {
  readonly name: string;
  readonly builtWith: string;
  readonly model: ModelIdentity;
  readonly scale: MapHeader['scale'];
  /** Longest image side the features were extracted at. */
  readonly maxSidePx: number;
  readonly anchor?: MapHeader['anchor'];
  readonly tuning?: Partial<BuildTuning>;
}

/** Pixels are at an image 1000 px wide and scale with the width. */
export interface BuildTuning {
  /** Up to this many keyframes every pair is tried. */
  readonly allPairsUpTo: number;
  /** Partners by position and viewing direction, for each keyframe. */
  readonly nearest: number;
  /** Partners by global descriptor, for each keyframe. */
  readonly similar: number;
  /** Largest angle between the optical axes of a pair. */
  readonly maxViewAngleRad: number;
  /** Largest ratio of best to second-best descriptor distance. */
  readonly ratio: number;
  /** Largest distance to the epipolar line of the known poses. */
  readonly epipolarPx: number;
  /** Fewest verified matches of a pair. */
  readonly minMatches: number;
  /** Largest reprojection error of an observation. */
  readonly reprojectionPx: number;
  /** Smallest angle under which two keyframes see a point. */
  readonly minAngleRad: number;
  /** From this many keyframes on, global descriptors go through PCA. */
  readonly pcaFrom: number;
}

const DEGREE = Math.PI / 180;

export const DEFAULT_TUNING: BuildTuning = {
  allPairsUpTo: 30,
  nearest: 12,
  similar: 12,
  maxViewAngleRad: 75 * DEGREE,
  ratio: 0.95,
  epipolarPx: 4,
  minMatches: 12,
  reprojectionPx: 4,
  minAngleRad: 1 * DEGREE,
  pcaFrom: 1000,
};

export interface BuildProgress {
  readonly stage: 'pairs' | 'match' | 'triangulate' | 'write';
  readonly done: number;
  readonly total: number;
}

/** Pixels at this camera for `px` at an image 1000 px wide. */
export function scaledPx(px: number, camera: Camera): number {
  return (px * camera.widthPx) / 1000;
}
