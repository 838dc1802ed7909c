import type { FrameId } from '../domain/frame.js';
import type { SmoothPose } from '../domain/outcome.js';
import type { Rigid, WorldFromCam } from '../domain/rigid.js';
import { transport } from '../geometry/covariance.js';
import { POSE_NUMBERS } from '../geometry/poseChain.js';
import { adjoint } from '../geometry/poseMatrix.js';
import { angleBetween, compose, distanceBetween, exp, log, writeMatrix3x4 } from '../geometry/rigid.js';
import type { MotionNoise, TrackLimits } from './limits.js';
import { widen } from './motion.js';
import type { Odometry } from './odometry.js';
import {
  EMPTY_WINDOW,
  type Measurement,
  type PoseWindow,
  pushNode,
  type SolvedWindow,
  type WindowFix,
  windowFix,
  windowMotion,
} from './window.js';
import { createWindowWorkspace } from './windowProblem.js';
import { solveWindow, type WindowSolution } from './windowSolve.js';

/** What the window knows after a frame. */
export interface Smoother {
  readonly window: PoseWindow;
  readonly solved: SolvedWindow | null;
  /** Of the newest frame, null before the first. */
  readonly newest: Newest | null;
  /** The last pose published, carried along the motions since. */
  readonly published: WorldFromCam | null;
  /** Frames in a row whose pose was held back as a jump. */
  readonly held: number;
}

interface Newest {
  readonly epoch: number;
  readonly timestampS: number;
  readonly resetCounter: number;
  /** previousFromCurrent over the frame before it, and how long that took; null where unknown. */
  readonly motion: { readonly previousFromCurrent: Rigid<'cam', 'cam'>; readonly dtS: number } | null;
  readonly fixAgrees: boolean;
}

/** What one frame says. */
export interface SmoothInput {
  readonly frame: FrameId;
  readonly resetCounter: number;
  /** A fix of this frame's own; a predicted pose is none. */
  readonly fix: Pick<SmoothPose, 'worldFromCam' | 'covariance'> | null;
  readonly odometry: Odometry | null;
}

export interface Smoothed {
  readonly smoother: Smoother;
  readonly smooth: SmoothPose | null;
}

export const NEW_SMOOTHER: Smoother = {
  window: EMPTY_WINDOW,
  solved: null,
  newest: null,
  published: null,
  held: 0,
};

/** Fixes that must agree before a pose is published that has neighbours. */
const MIN_SUPPORT = 2;
/** Of so many jumps in a row the last is held back too, and whatever comes next is published. */
const MAX_HELD = 3;

const workspace = createWindowWorkspace();

/** The window after a frame and the newest frame's pose as all of it has it. Published poses are never rewritten. */
export function smoothFrame(before: Smoother, input: SmoothInput, limits: TrackLimits): Smoothed {
  const known = continues(before, input, limits) ? before : NEW_SMOOTHER;
  const motion = motionOf(known, input, limits.motion);
  const start = known.newest !== null && motion === null ? NEW_SMOOTHER : known;
  const fix = fixOf(input, limits.motion);
  const node = { timestampS: input.frame.timestampS, motion: motion?.measured ?? null, fix };
  const window = pushNode(start.window, start.solved, node);
  const solved = solveWindow(window, workspace);
  const newest = newestOf(input, motion, solved);
  const carried =
    start.published === null || motion === null ? null : compose(start.published, motion.previousFromCurrent);
  return publish({ window, solved, newest, published: carried, held: start.held }, motion, limits);
}

/** Whether a frame belongs to the path so far: no new epoch, no reset, no gap. */
export function continues(
  { newest }: Smoother,
  { frame, resetCounter }: Pick<SmoothInput, 'frame' | 'resetCounter'>,
  limits: TrackLimits,
): boolean {
  if (newest === null) return true;
  const gapS = frame.timestampS - newest.timestampS;
  return (
    newest.epoch === frame.epoch && newest.resetCounter === resetCounter && gapS > 0 && gapS <= limits.maxGapS
  );
}

interface Motion {
  readonly previousFromCurrent: Rigid<'cam', 'cam'>;
  readonly measured: Measurement;
  readonly dtS: number;
}

/** As measured, or as it was before; null where nothing is known. */
function motionOf({ newest }: Smoother, { frame, odometry }: SmoothInput, noise: MotionNoise): Motion | null {
  if (newest === null) return null;
  const dtS = frame.timestampS - newest.timestampS;
  const previousFromCurrent = odometry?.previousFromCurrent ?? expectedMotion({ newest }, frame.timestampS);
  if (previousFromCurrent === null) return null;
  const measured = windowMotion(previousFromCurrent, odometry?.covariance ?? guessed(dtS, noise));
  return measured === null ? null : { previousFromCurrent, dtS, measured };
}

/** The motion before, over the time since. */
export function expectedMotion(
  { newest }: Pick<Smoother, 'newest'>,
  timestampS: number,
): Rigid<'cam', 'cam'> | null {
  if (newest === null || newest.motion === null || !(newest.motion.dtS > 0)) return null;
  const share = (timestampS - newest.timestampS) / newest.motion.dtS;
  return exp(log(newest.motion.previousFromCurrent).map((v) => v * share));
}

function guessed(dtS: number, noise: MotionNoise): Float64Array {
  const out = new Float64Array(36);
  const rad = Math.hypot(noise.turnRadPerS * dtS, 0.5 * noise.turnRadPerS2 * dtS * dtS);
  const m = Math.hypot(noise.moveMPerS * dtS, 0.5 * noise.moveMPerS2 * dtS * dtS);
  for (let i = 0; i < 6; i++) out[7 * i] = i < 3 ? rad * rad : m * m;
  return out;
}

/** A solver's covariance knows its pixels' noise, not the map's errors: recorded sets gave squared errors 2 (a rendered
 * street) to 24 (handheld indoors) times what it said. */
const FIX_INFLATION = 9;
/** Share of the standard deviation of tracking's own fixes below which none is taken to be. */
const LEAST_SHARE = 0.1;

function fixOf({ fix }: SmoothInput, noise: MotionNoise): WindowFix | null {
  if (fix === null) return null;
  const { worldFromCam, covariance } = fix;
  if (covariance === null) return windowFix(worldFromCam, widen(worldFromCam, null, noise));
  const { fixRad, fixM } = noise;
  const least = { ...noise, fixRad: LEAST_SHARE * fixRad, fixM: LEAST_SHARE * fixM };
  const inflated = covariance.map((v) => FIX_INFLATION * v);
  return windowFix(worldFromCam, widen(worldFromCam, inflated, least));
}

function newestOf(
  { frame, resetCounter }: SmoothInput,
  motion: Motion | null,
  solved: WindowSolution | null,
): Newest {
  return {
    epoch: frame.epoch,
    timestampS: frame.timestampS,
    resetCounter,
    motion: motion === null ? null : { previousFromCurrent: motion.previousFromCurrent, dtS: motion.dtS },
    fixAgrees: solved !== null && solved.fixAgrees[solved.fixAgrees.length - 1] === 1,
  };
}

/** A frame without neighbours is its own fix. Else nothing where too few fixes agree, and nothing for a while where the
 * window's pose would be a jump. */
function publish(
  after: Smoother & { readonly solved: WindowSolution | null },
  motion: Motion | null,
  limits: TrackLimits,
): Smoothed {
  const { solved, published, window } = after;
  if (solved === null) return { smoother: after, smooth: null };
  const pose = newestPose(solved);
  const smooth = describe(pose, solved.covariance);
  if (window.nodes.length === 1) return { smoother: after, smooth };
  if (solved.support < MIN_SUPPORT || 2 * solved.support < solved.fixes)
    return { smoother: after, smooth: null };
  if (published === null || isNear(published, pose, motion, limits))
    return { smoother: { ...after, published: pose, held: 0 }, smooth };
  if (after.held + 1 < MAX_HELD) return { smoother: { ...after, held: after.held + 1 }, smooth: null };
  return { smoother: { ...after, published: null, held: 0 }, smooth: null };
}

/** Within tracking's own bounds, or within what a guessed motion may be off. */
function isNear(a: WorldFromCam, b: WorldFromCam, motion: Motion | null, limits: TrackLimits): boolean {
  const covariance = motion?.measured.covariance;
  const slack = (at: number) =>
    covariance === undefined ? 0 : 3 * Math.sqrt(covariance[at] + covariance[at + 7] + covariance[at + 14]);
  return (
    distanceBetween(a, b) <= Math.max(limits.agreeM, slack(21)) &&
    angleBetween(a, b) <= Math.max(limits.agreeRad, slack(0))
  );
}

/** The newest frame's pose, published or not. */
export function newestPose({ poses }: SolvedWindow): WorldFromCam {
  const [tx, ty, tz, x, y, z, w] = poses.subarray(poses.length - POSE_NUMBERS);
  return { q: [x, y, z, w], t: [tx, ty, tz] };
}

/** With the covariance as it is published, a left perturbation. */
function describe(worldFromCam: WorldFromCam, covariance: Float64Array): SmoothPose {
  const toLeft = adjoint(writeMatrix3x4(worldFromCam, new Float64Array(12)));
  return { worldFromCam, covariance: transport(toLeft, covariance) };
}
