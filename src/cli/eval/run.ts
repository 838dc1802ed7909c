import type { TimedPose } from '../../map/tum.js';

export const TRAJECTORIES = ['raw', 'smooth'] as const;
/** Which of a report's two trajectories is meant. */
export type Trajectory = (typeof TRAJECTORIES)[number];

/** What a run says of one frame; null where it does not say. */
export interface RunFrame {
  readonly timeS: number;
  readonly outcome: 'posed' | 'lost' | 'dropped';
  readonly worldFromCam: TimedPose['worldFromCam'] | null;
  readonly state: string | null;
  readonly source: string | null;
  /** 0..1 */
  readonly confidence: number | null;
  /** Why a frame is lost or dropped. */
  readonly reason: string | null;
  readonly resetCounter: number | null;
  readonly retrieved: boolean | null;
  /** Capture to publication. */
  readonly ageMs: number | null;
  /** Milliseconds by stage. */
  readonly timings: Readonly<Record<string, number>>;
}

export type RunFormat = 'report' | 'tum' | 'kitti';

export interface Run {
  readonly label: string;
  readonly format: RunFormat;
  /** In time order. */
  readonly frames: readonly RunFrame[];
}

export type PosedFrame = RunFrame & TimedPose;

export const hasPose = (frame: RunFrame): frame is PosedFrame => frame.worldFromCam !== null;

/** A bare trajectory says nothing of a frame but its pose. */
export const frameOfPose = ({ timeS, worldFromCam }: TimedPose): RunFrame => ({
  timeS,
  worldFromCam,
  outcome: 'posed',
  state: null,
  source: null,
  confidence: null,
  reason: null,
  resetCounter: null,
  retrieved: null,
  ageMs: null,
  timings: {},
});
