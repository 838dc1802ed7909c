import type { FrameId } from './frame.js';
import type { WorldFromCam } from './rigid.js';

/** Where a pose comes from. Fixes: `pnp` from a place that retrieval found, `tracked` from where the frame before was.
 * `coasted` is predicted, nothing in this frame supports it. A retrieved keyframe's own pose is never one of these: a lost
 * frame carries it as `coarse`. */
export type PoseSource = 'pnp' | 'tracked' | 'coasted';

/** What the stream makes of its frames so far. `relocalizing`: one fix, a second has yet to agree. `coasting`: the
 * frame gave no fix that fits, the pose is predicted. */
export type TrackStateName = 'lost' | 'relocalizing' | 'tracking' | 'coasting';

/** What matches alone say of the focal length they were solved with. */
export interface FocalScale {
  /** The focal length that fits best over the one given. */
  readonly ratio: number;
  /** Standard deviation of `ratio`; it knows the pixels' noise, not the map's errors. */
  readonly sigma: number;
  /** How far the camera would move with it. */
  readonly shiftM: number;
  readonly shiftRad: number;
}

export interface PoseEstimate {
  readonly worldFromCam: WorldFromCam;
  readonly source: PoseSource;
  /** Inliers that passed the ratio test; the only count that separates right from wrong. */
  readonly inliers: number;
  /** Matches that passed the ratio test. */
  readonly matches: number;
  readonly inlierRatio: number;
  /** Share of the 8 x 8 image cells that hold an inlier, 0..1. */
  readonly coverage: number;
  readonly reprojectionRmsPx: number;
  /** Row-major 6 x 6, rotation (rad) then translation (m), left perturbation of worldFromCam; null where unknown. */
  readonly covariance: Float64Array | null;
  /** Null where the matches do not pin it, absent where none stand behind the pose. */
  readonly focalScale?: FocalScale | null;
  /** 0..1; how likely the error is below 0.5 m and 5 degrees. */
  readonly confidence: number;
}

/** The pose as neighbours in time correct it; causal, never rewritten. */
export interface SmoothPose {
  readonly worldFromCam: WorldFromCam;
  /** As of `PoseEstimate`. */
  readonly covariance: Float64Array | null;
}

export type LostReason =
  | 'no-features'
  | 'no-place'
  | 'few-matches'
  | 'few-inliers'
  | 'low-coverage'
  | 'ill-conditioned'
  | 'ambiguous'
  /** Farther from the frame before than a camera moves; believed once a second frame says so. */
  | 'jump';

/** `shutdown`: its stream was closed while it was worked on. `worker-lost`: whoever worked on it is gone. */
export type DropReason = 'busy' | 'duplicate-time' | 'frozen' | 'shutdown' | 'fault' | 'worker-lost';

/** Milliseconds by stage; a stage that did not run is absent. */
export interface StageTimings {
  readonly extractMs?: number;
  readonly retrieveMs?: number;
  readonly clusterMs?: number;
  readonly matchMs?: number;
  readonly solveMs?: number;
  readonly smoothMs?: number;
  readonly totalMs?: number;
}

interface OutcomeBase {
  readonly frame: FrameId;
  readonly timings: StageTimings;
}

/** What the stream adds to a frame that was worked on. */
interface Tracked {
  /** After this frame. */
  readonly state: TrackStateName;
  /** Grows by one whenever poses before and after are not one continuous path. */
  readonly resetCounter: number;
  /** Whether the frame was looked up in the whole map. */
  readonly retrieved: boolean;
  /** What is wrong with the stream as a whole, as long as it seems to be; absent where nothing is. */
  readonly warning?: StreamWarning;
}

/** Something its user should mend, found in what the stream's frames have in common. */
export interface StreamWarning {
  readonly code: 'E_INTRINSICS_SUSPECT';
  /** One line a person understands. */
  readonly message: string;
  readonly hint: string;
}

/** Inliers and the rest as the picture shows them; made only on request. */
export interface Evidence {
  /** [2n] pixels of the frame. */
  readonly inlierXyPx: Float32Array;
  /** [2m] */
  readonly outlierXyPx: Float32Array;
  /** [n] map points of the inliers. */
  readonly inlierPoints: Uint32Array;
}

export interface Posed extends OutcomeBase, Tracked {
  readonly kind: 'posed';
  readonly pose: PoseEstimate;
  /** Null where nothing smooths. */
  readonly smooth: SmoothPose | null;
  /** Keyframe that shares most inliers: where the next frame looks first. */
  readonly keyframe: number;
  /** How far the picture was turned to be recognised, where the camera is rolled; the pose is of the picture as it came. */
  readonly turnDeg?: number;
  readonly evidence: Evidence | null;
}

export interface Lost extends OutcomeBase, Tracked {
  readonly kind: 'lost';
  readonly reason: LostReason;
  /** One line a person understands. */
  readonly detail: string;
  /** The best retrieved keyframe's pose, labelled as what it is. */
  readonly coarse: WorldFromCam | null;
  readonly evidence: Evidence | null;
}

export interface Dropped extends OutcomeBase {
  readonly kind: 'dropped';
  readonly reason: DropReason;
}

/** Every frame in gives exactly one of these out. */
export type Outcome = Posed | Lost | Dropped;
