import type { Camera } from '../domain/camera.js';
import type { FocalScale, StreamWarning } from '../domain/outcome.js';

/** What the frames of one stream so far say of the focal length that was given for it. */
export interface FocalBelief {
  /** The intrinsics in question; others begin anew. */
  readonly camera: Camera | null;
  /** The newest of each keyframe looked at, oldest first: frames before one keyframe share the map's errors there. */
  readonly readings: readonly Reading[];
  readonly frames: number;
  /** What the last frames that were posed without a prediction agree better with, over the focal length given, and how
   * many of them in a row; null where the one given stood. Poses near a prediction cannot tell. */
  readonly other: { readonly factor: number; readonly frames: number } | null;
  /** Whether the readings say that it is off, by a little or far. */
  readonly isNearDoubted: boolean;
  readonly isNearSuspect: boolean;
  /** The readings or `other` speak against it: no pose is a confident one. */
  readonly isDoubted: boolean;
  /** They do so clearly enough to warn of. */
  readonly isSuspect: boolean;
}

interface Reading {
  readonly keyframe: number;
  /** log of the focal length that fits best over the one given. */
  readonly log: number;
  readonly sigma: number;
}

export const NO_FOCAL_BELIEF: FocalBelief = {
  ...{ camera: null, readings: [], frames: 0, other: null },
  ...{ isNearDoubted: false, isNearSuspect: false, isDoubted: false, isSuspect: false },
};

const MAX_READINGS = 16;
/** Frames before anything is said. */
const MIN_FRAMES = 5;
/** A frame's sigma knows the pixels' noise alone: right focal lengths of six sets were off by up to 2.6 of it root mean
 * square, and by 0.004 where it is small. */
const INFLATION = 2;
const LEAST_SIGMA = 0.004;
/** Keyframes beyond these tell nothing new: errors of neighbours are alike. */
const INDEPENDENT = 9;
const SURE_SIGMAS = 3;
/** From so many frames on, and this many sigma, poses are doubted. */
const DOUBT_FRAMES = 3;
const DOUBT_SIGMAS = 2;
/** Off by so much for certain a focal length is suspect (what fits best is a fifth short of what is true, as matches that
 * fit worst are no inliers), and by so little no longer. */
const SUSPECT = 0.02;
const CLEARED = 0.01;
/** So many frames in a row that agree better with another focal length are warned of. */
const SURE_FRAMES = 2;

/** What a frame with a fix says. */
export interface FocalSight {
  readonly keyframe: number;
  readonly scale: FocalScale | null | undefined;
  /** A focal length over the one given that clearly more matches agree with, null for none; undefined where not asked. */
  readonly otherFocal: number | null | undefined;
}

/** The belief after a frame with a fix. Pure. */
export function learnFocal(before: FocalBelief, camera: Camera, sight: FocalSight): FocalBelief {
  const known = before.camera !== null && isSame(before.camera, camera) ? before : NO_FOCAL_BELIEF;
  const other = nextOther(known.other, sight.otherFocal);
  const near = sight.scale ? learnScale(known, sight.keyframe, sight.scale) : known;
  const isDoubted = near.isNearDoubted || other !== null;
  return { ...near, camera, other, isDoubted, isSuspect: near.isNearSuspect || isSure(other) };
}

/** The true one may lie between two that are tried: what counts is that frames agree on longer or on shorter. */
function nextOther(before: FocalBelief['other'], factor: number | null | undefined): FocalBelief['other'] {
  if (factor === undefined) return before;
  if (factor === null) return null;
  const isAlike = before !== null && before.factor > 1 === factor > 1;
  return { factor, frames: isAlike ? before.frames + 1 : 1 };
}

const isSure = (other: FocalBelief['other']): other is NonNullable<FocalBelief['other']> =>
  other !== null && other.frames >= SURE_FRAMES;

function learnScale(known: FocalBelief, keyframe: number, scale: FocalScale): FocalBelief {
  const sigma = Math.hypot((INFLATION * scale.sigma) / scale.ratio, LEAST_SIGMA);
  const others = known.readings.filter((reading) => reading.keyframe !== keyframe);
  const readings = [...others, { keyframe, log: Math.log(scale.ratio), sigma }].slice(-MAX_READINGS);
  const { log, sigma: spread } = pooled(readings);
  const off = Math.abs(log);
  const frames = known.frames + 1;
  const isNearSuspect =
    frames >= MIN_FRAMES &&
    (off - SURE_SIGMAS * spread > SUSPECT || (known.isNearSuspect && off - spread > CLEARED));
  const isNearDoubted = isNearSuspect || (frames >= DOUBT_FRAMES && off - DOUBT_SIGMAS * spread > SUSPECT);
  return { ...known, readings, frames, isNearDoubted, isNearSuspect };
}

/** The frame's own reading where the stream has too few to know better; else what all of them say, and how far the pose
 * would move with that. */
export function settledFocal(
  { readings, frames }: FocalBelief,
  own: FocalScale | null | undefined,
): FocalScale | null | undefined {
  if (frames < MIN_FRAMES || !own) return own;
  const { log, sigma } = pooled(readings);
  const share = Math.min(1, Math.abs(log) / Math.max(Math.abs(Math.log(own.ratio)), 1e-9));
  const ratio = Math.exp(log);
  return { ratio, sigma: ratio * sigma, shiftM: share * own.shiftM, shiftRad: share * own.shiftRad };
}

export function focalWarning({ readings, other, isSuspect }: FocalBelief): StreamWarning | null {
  if (!isSuspect) return null;
  const ratio = isSure(other) ? other.factor : Math.exp(pooled(readings).log);
  return {
    code: 'E_INTRINSICS_SUSPECT',
    message: `the pictures fit a focal length of ${ratio.toFixed(2)} times the one given`,
    hint: 'Give the intrinsics of the pictures as they come: was the lens zoomed, the picture cropped or stabilised?',
  };
}

/** Median by information, and its standard deviation. Readings that differ by more than they should tell each other's
 * errors (a grossly wrong focal length is told by each frame in part), and then count alike. */
function pooled(readings: readonly Reading[]): { readonly log: number; readonly sigma: number } {
  const equal = readings.map(({ log }) => ({ log, weight: 1 }));
  const middle = weightedMedian(equal);
  const spread =
    SIGMA_OF_MAD * weightedMedian(equal.map(({ log }) => ({ log: Math.abs(log - middle), weight: 1 })));
  const weighed = readings.map(({ log, sigma }) => ({ log, weight: 1 / (sigma ** 2 + spread ** 2) }));
  const information = weighed.reduce((sum, { weight }) => sum + weight, 0);
  const repeats = Math.max(1, readings.length / INDEPENDENT);
  return { log: weightedMedian(weighed), sigma: Math.sqrt(repeats / information) };
}

/** Of a normal distribution, over its median absolute deviation. */
const SIGMA_OF_MAD = 1.4826;

interface Weighed {
  readonly log: number;
  readonly weight: number;
}

function weightedMedian(values: readonly Weighed[]): number {
  const sorted = [...values].sort((a, b) => a.log - b.log);
  let left = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  const at = sorted.findIndex(({ weight }) => {
    left -= weight;
    return left <= 0;
  });
  return sorted[Math.max(at, 0)].log;
}

const isSame = (a: Camera, b: Camera) =>
  a === b ||
  (a.model === b.model &&
    a.widthPx === b.widthPx &&
    a.heightPx === b.heightPx &&
    a.params.every((value, i) => value === b.params[i]));
