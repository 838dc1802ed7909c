import type { TimedPose } from '../../map/tum.js';
import {
  type Evaluation,
  evaluate,
  isWithin,
  type Pair,
  pairPoses,
  poseError,
  type Threshold,
} from '../evaluate.js';
import { type Alignment, type AlignmentKind, alignTo, applyAlignment } from './align.js';
import { findJumps, type Jump } from './jumps.js';
import { rootMeanSquare } from './quantile.js';
import { type RelativeError, relativeError } from './relative.js';
import { type Judged, type Reliability, reliability } from './reliability.js';
import { hasPose, type PosedFrame, type Run } from './run.js';
import { type Shares, sharesOf } from './shares.js';

/** What a confidence is about: P(error below this). */
export const CONFIDENT_WITHIN: Threshold = { m: 0.5, deg: 5 };
/** From here on a pose counts as vouched for. */
const CONFIDENT_FROM = 0.5;

export interface AssessOptions {
  readonly thresholds: readonly Threshold[];
  readonly toleranceS: number;
  readonly align: AlignmentKind;
  readonly jump: Threshold;
}

/** A run held against a reference. */
export interface Assessment extends Evaluation, Shares {
  readonly run: string;
  /** Null where nothing was aligned. */
  readonly alignment: Alignment | null;
  /** Absolute trajectory error over posed queries. */
  readonly ateRmseM: number | null;
  readonly ateRmseDeg: number | null;
  readonly relative: RelativeError;
  readonly jumps: readonly Jump[];
  /** Queries posed with confidence of at least 0.5; null where the run states no confidence. */
  readonly confident: number | null;
  /** Those of them beyond 0.5 m or 5 degrees. */
  readonly confidentWrong: number | null;
  readonly reliability: Reliability | null;
}

export interface Reference {
  /** In time order. */
  readonly all: readonly TimedPose[];
  /** The part that was asked for. */
  readonly queries: readonly TimedPose[];
}

/** A run with its poses in the reference's frame, and what it is worth. */
export interface Assessed {
  readonly run: Run;
  readonly pairs: readonly Pair<PosedFrame>[];
  readonly figures: Assessment;
}

export function assess(run: Run, reference: Reference, options: AssessOptions): Assessed {
  const { thresholds, toleranceS, align } = options;
  const alignment =
    align === 'none'
      ? null
      : alignTo(pairPoses(run.frames.filter(hasPose), reference.queries, toleranceS), align, run.label);
  const aligned = alignment === null ? run : alignRun(run, alignment);
  const poses = aligned.frames.filter(hasPose);
  const pairs = pairPoses(poses, reference.queries, toleranceS);
  const evaluation = evaluate(poses, reference.queries, toleranceS, thresholds);
  const figures: Assessment = {
    run: run.label,
    ...evaluation,
    ...sharesOf(aligned),
    ...confidenceFigures(pairs),
    alignment,
    ateRmseM: rootMeanSquare(evaluation.errors.map(({ errorM }) => errorM)),
    ateRmseDeg: rootMeanSquare(evaluation.errors.map(({ errorDeg }) => errorDeg)),
    relative: relativeError(pairs),
    jumps: findJumps(poses, reference.all, options.jump),
  };
  return { run: aligned, pairs, figures };
}

const alignRun = (run: Run, alignment: Alignment): Run => ({
  ...run,
  frames: run.frames.map((frame) =>
    hasPose(frame) ? { ...frame, worldFromCam: applyAlignment(alignment, frame.worldFromCam) } : frame,
  ),
});

function confidenceFigures(pairs: readonly Pair<PosedFrame>[]) {
  const judged = judge(pairs);
  if (judged.length === 0) return { confident: null, confidentWrong: null, reliability: null };
  const confident = judged.filter(({ confidence }) => confidence >= CONFIDENT_FROM);
  return {
    confident: confident.length,
    confidentWrong: confident.filter(({ correct }) => !correct).length,
    reliability: reliability(judged),
  };
}

/** Posed queries that state a confidence, each with whether its error is within 0.5 m and 5 degrees. */
export const judge = (pairs: readonly Pair<PosedFrame>[]): Judged[] =>
  pairs.flatMap((pair) => {
    const { confidence } = pair.estimate;
    return confidence === null ? [] : [{ confidence, correct: isWithin(poseError(pair), CONFIDENT_WITHIN) }];
  });
