import type { FrameId } from '../domain/frame.js';
import { agrees, isStrong } from './belief.js';
import type { TrackLimits } from './limits.js';
import { predict } from './motion.js';
import type { Prediction } from './prediction.js';
import type { Fix } from './sighting.js';
import { type HeldTrack, isAuditDue, type Track } from './track.js';

/** What is done with a frame, and in which order: guided search, the place of the frame before, the whole map, the
 * whole map with the picture turned. Each is asked only where those before gave no fix that settles it. */
export interface Plan {
  /** Where to search around; null where nothing is expected. */
  readonly prediction: Prediction | null;
  /** The turn in which the picture was recognised last. */
  readonly turnDeg: number;
  readonly wholeMap: boolean;
  /** Turns tried besides. */
  readonly turnsDeg: readonly number[];
  /** The whole map is asked although the frame has its fix. */
  readonly audit: boolean;
  /** Nothing says where the camera is: of two places that fit alike neither is believed. */
  readonly isDoubtful: boolean;
}

/** How much work a frame without a fix may cost: `all` it takes, or what a live stream can `spare`. */
export type Effort = 'all' | 'spare';

/** Every frame alone. */
export function planAlone(turnsDeg: readonly number[]): Plan {
  return {
    prediction: null,
    turnDeg: 0,
    wholeMap: true,
    turnsDeg,
    audit: false,
    isDoubtful: false,
  };
}

/** What a frame needs, from what the frames before left.
 * @param track    as of this frame's time (`trackAt`)    @param turnsDeg  all turns there are */
export function planFrame(
  track: Track,
  frame: FrameId,
  turnsDeg: readonly number[],
  effort: Effort,
  limits: TrackLimits,
): Plan {
  if (track.state === 'lost') return { ...planAlone(rotate(turnsDeg, track.tries)), isDoubtful: true };
  const searching = track.state === 'relocalizing';
  const wholeMap = effort === 'all' || searching || track.rival !== null || isPowerOfTwo(track.misses + 1);
  const audit = track.state === 'tracking' && isAuditDue(track, frame.timestampS, limits);
  const { turnDeg } = track.belief;
  const turns = searching ? rotate(turnsDeg, track.misses) : besideTurn(turnDeg, turnsDeg);
  return {
    prediction: predictionOf(track, frame, limits),
    turnDeg,
    wholeMap,
    turnsDeg: wholeMap && (effort === 'all' || track.state !== 'tracking') ? turns : [],
    audit,
    isDoubtful: searching,
  };
}

function predictionOf({ belief }: HeldTrack, { timestampS }: FrameId, { motion }: TrackLimits): Prediction {
  const { keyframe, turnDeg } = belief;
  return { ...predict(belief, timestampS, motion), keyframe, turnDeg };
}

/** Whether a fix ends the search of its frame. */
export function settles(track: Track, timestampS: number, fix: Fix, limits: TrackLimits): boolean {
  if (track.state === 'lost' || fix.origin === 'retrieved') return true;
  return agrees(track.belief, timestampS, fix, limits) && (fix.origin === 'tracked' || isStrong(fix, limits));
}

/** Turns tried on one frame of a sequence; the next one worked on takes the next ones, however many were dropped between. */
const TURNS_A_FRAME = 2;

const rotate = (turnsDeg: readonly number[], tries: number): number[] =>
  turnsDeg.slice(0, TURNS_A_FRAME).map((_, i) => turnsDeg[(tries * TURNS_A_FRAME + i) % turnsDeg.length]);

/** A camera that rolls leaves its turn for one beside it. */
function besideTurn(turnDeg: number, turnsDeg: readonly number[]): number[] {
  const away = (other: number) => Math.abs(((other - turnDeg + 540) % 360) - 180);
  return [0, ...turnsDeg]
    .filter((other) => away(other) > 0)
    .sort((a, b) => away(a) - away(b))
    .slice(0, TURNS_A_FRAME);
}

const isPowerOfTwo = (n: number) => (n & (n - 1)) === 0;
