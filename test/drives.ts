import type { Rigid, WorldFromCam } from '../src/domain/rigid.js';
import { transport } from '../src/geometry/covariance.js';
import { adjoint } from '../src/geometry/poseMatrix.js';
import { compose, exp, inverse, writeMatrix3x4 } from '../src/geometry/rigid.js';
import type { Random } from '../src/kernels/random.js';

/** A camera that drives and turns: true poses, and what a pipeline would say of them. */
export interface Drive {
  readonly truth: readonly WorldFromCam[];
  /** previousFromCurrent of each frame but the first, whose own is the identity. */
  readonly motions: readonly Rigid<'cam', 'cam'>[];
  readonly fixes: readonly WorldFromCam[];
}

/** Standard deviations. */
export interface DriveNoise {
  readonly fixRad: number;
  readonly fixM: number;
  readonly motionRad: number;
  readonly motionM: number;
}

export const QUIET: DriveNoise = { fixRad: 0, fixM: 0, motionRad: 0, motionM: 0 };
/** What a map gives, and 5 % of the motion. */
export const USUAL: DriveNoise = { fixRad: 0.004, fixM: 0.06, motionRad: 0.001, motionM: 0.01 };
const STEP_M = 0.2;

const twist = (random: Random, rad: number, m: number) =>
  [rad, rad, rad, m, m, m].map((sigma) => sigma * random.normal());

/** A pose of the frame `To` with an error in its own axes. */
export const nudge = <To extends string>(pose: Rigid<To, 'cam'>, random: Random, rad: number, m: number) =>
  compose(pose, exp<'cam', 'cam'>(twist(random, rad, m)));

export function makeDrive(random: Random, frames: number, noise: DriveNoise): Drive {
  const truth = [exp<'world', 'cam'>(twist(random, 1, 30))];
  while (truth.length < frames) {
    const turn = 0.05 * Math.sin(truth.length / 7);
    const ahead = exp<'cam', 'cam'>([0.01 * random.normal(), turn, 0.01 * random.normal(), 0, 0, STEP_M]);
    truth.push(compose(truth[truth.length - 1], ahead));
  }
  const motions = truth.map((pose, i) =>
    nudge(compose(inverse(truth[Math.max(0, i - 1)]), pose), random, noise.motionRad, noise.motionM),
  );
  return { truth, motions, fixes: truth.map((pose) => nudge(pose, random, noise.fixRad, noise.fixM)) };
}

/** 6x6 with these standard deviations, right perturbation. */
export const spread = (rad: number, m: number): Float64Array =>
  Float64Array.from({ length: 36 }, (_, i) => (i % 7 !== 0 ? 0 : i < 18 ? rad * rad : m * m));

/** The same as a left perturbation of `pose`. */
export const leftSpread = (pose: WorldFromCam, rad: number, m: number): Float64Array =>
  transport(adjoint(writeMatrix3x4(pose, new Float64Array(12))), spread(rad, m));

/** A pose elsewhere: 1 to 20 m away, turned by any angle. */
export function wrongPose(pose: WorldFromCam, random: Random): WorldFromCam {
  const way = twist(random, 0.5, 1);
  const scale = (1 + 19 * random.uniform()) / Math.hypot(way[3], way[4], way[5]);
  return compose(pose, exp<'cam', 'cam'>(way.map((v, i) => (i < 3 ? v : v * scale))));
}
