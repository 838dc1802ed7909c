import type { Camera } from '../domain/camera.js';
import type { Engine, Features, GrayImage } from '../domain/features.js';
import type { FrameId } from '../domain/frame.js';
import type { MapModel } from '../domain/mapModel.js';
import type { StageTimings } from '../domain/outcome.js';
import type { PlaceIndex } from '../map/placeIndex.js';
import type { Turns } from './turns.js';

/** What every stage of the pipeline needs; made once, read-only. */
export interface Localizer {
  readonly engine: Engine;
  readonly map: MapModel;
  readonly places: PlaceIndex;
  readonly options: LocalizeOptions;
  /** Monotonic milliseconds, for timings only. */
  readonly nowMs: () => number;
  /** Whose turn it is, where several cameras share the engine. */
  readonly turns?: Turns;
}

export interface LocalizeOptions {
  readonly seed: number;
  readonly maxKeypoints: number;
  /** Keyframes retrieved per frame (hfnet 10, hloc 10-50). */
  readonly retrieved: number;
  /** Shared points from which two retrieved keyframes are one place (hfnet 1). */
  readonly minShared: number;
  /** Squared ratio of best to second distance (hfnet 0.9). */
  readonly ratio: number;
  /** Inlier threshold at 1024 px image width, scaled with the width (hfnet 10-12 at 960 px, kapture 8). */
  readonly thresholdPx: number;
  /** Fewest distinct inliers of a fix. */
  readonly minInliers: number;
  /** Fewest of 8 x 8 image cells that hold an inlier. */
  readonly minCells: number;
  /** Smallest share of the distinct matches that must agree, unless `certainInliers` do. Look-alike facades gave
   * 0.08-0.24 with up to 39 inliers, the right place 0.33 and more under a moved sun, 0.35 and more on real sets. */
  readonly minInlierRatio: number;
  readonly certainInliers: number;
  /** Turns of the picture tried where it gave no fix upright, in this order: quarter turns first, as most cameras are
   * held, since a picture off by 45° still gives a fix, but a coarser one. */
  readonly turnsDeg: readonly number[];
  /** Keep inlier and outlier pixels with each outcome. */
  readonly evidence: boolean;
}

export const DEFAULT_OPTIONS: LocalizeOptions = {
  seed: 1,
  maxKeypoints: 1000,
  retrieved: 10,
  minShared: 1,
  ratio: 0.9,
  thresholdPx: 12,
  minInliers: 15,
  minCells: 9,
  minInlierRatio: 0.28,
  certainInliers: 50,
  turnsDeg: [90, -90, 45, -45, 180, 135, -135],
  evidence: false,
};

/** Rows of the map's descriptors, as the engine stores them. */
export const MAP_DESCRIPTORS = 'map/descriptors';

/** A frame whose pixels are spent. */
export interface Picture {
  readonly frame: FrameId;
  readonly camera: Camera;
  /** The frame's pixels, our own copy: it may be looked at more than once. */
  readonly image: GrayImage;
  readonly watch: Stopwatch;
}

/** What the network saw in a picture: what the rest of the pipeline works on. */
export interface Query extends Picture {
  readonly features: Features;
  /** How far the picture was turned before the network saw it. */
  readonly turnDeg: number;
}

/** Adds up the time of each stage of one frame. */
export interface Stopwatch {
  readonly timings: () => StageTimings;
  readonly time: <T>(stage: keyof StageTimings, work: () => T) => T;
  readonly timeAsync: <T>(stage: keyof StageTimings, work: () => Promise<T>) => Promise<T>;
}

export function startStopwatch(nowMs: () => number): Stopwatch {
  const started = nowMs();
  const spent: { -readonly [K in keyof StageTimings]: number } = {};
  const add = (stage: keyof StageTimings, since: number) => {
    spent[stage] = (spent[stage] ?? 0) + nowMs() - since;
  };
  return {
    timings: () => ({ ...spent, totalMs: nowMs() - started }),
    time: (stage, work) => {
      const since = nowMs();
      const result = work();
      add(stage, since);
      return result;
    },
    timeAsync: async (stage, work) => {
      const since = nowMs();
      const result = await work();
      add(stage, since);
      return result;
    },
  };
}
