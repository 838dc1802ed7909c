import { lastValueFrom, toArray } from 'rxjs';
import { evaluate } from '../../src/cli/evaluate.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Outcome } from '../../src/domain/outcome.js';
import { readTextFile } from '../../src/map/posedFolder.js';
import { nearestPose } from '../../src/map/trajectory.js';
import { parseTum, type TimedPose } from '../../src/map/tum.js';
import type { Localizer } from '../../src/operators/localizer.js';
import type { FrameSource } from '../../src/streams/frameSource.js';
import { localizeRecording } from '../../src/streams/localize.js';
import { rolledPose, rollFrame } from './rollFrame.js';

export interface TurnedCount {
  readonly queries: number;
  /** Within (0.25 m, 2°). */
  readonly fine: number;
  /** Posed, but beyond (5 m, 10°). */
  readonly wrong: number;
  /** Over posed queries. */
  readonly medianInliers: number | null;
}

export const EMPTY_COUNT: TurnedCount = { queries: 0, fine: 0, wrong: 0, medianInliers: null };

/** Localizes each frame rolled by `deg`, every second one the other way, and holds it against the rolled reference. */
export async function turnedRecall(
  localizer: Localizer,
  frames: FrameSource,
  posesPath: string,
  deg: number,
): Promise<TurnedCount> {
  const outcomes = await lastValueFrom(
    localizeRecording(rollEach(frames, deg), localizer, 'frame').pipe(toArray()),
  );
  return countTurned(outcomes, parseTum(readTextFile(posesPath), posesPath), deg);
}

const angleRadOf = (sequence: number, deg: number) => ((sequence % 2 === 0 ? deg : -deg) * Math.PI) / 180;

async function* rollEach(frames: FrameSource, deg: number): AsyncGenerator<Frame> {
  for await (const frame of frames) yield rollFrame(frame, angleRadOf(frame.sequence, deg));
}

function countTurned(outcomes: readonly Outcome[], upright: readonly TimedPose[], deg: number): TurnedCount {
  const sorted = [...upright].sort((a, b) => a.timeS - b.timeS);
  const posed = outcomes.flatMap((outcome) => (outcome.kind === 'posed' ? [outcome] : []));
  const reference = outcomes.map(({ frame: { timestampS, sequence } }) => {
    const pose = nearestPose(sorted, timestampS);
    if (pose === null) throw new Error(`no reference pose at ${timestampS} s`);
    return { timeS: timestampS, worldFromCam: rolledPose(pose.worldFromCam, angleRadOf(sequence, deg)) };
  });
  const estimates = posed.map((outcome) => ({
    timeS: outcome.frame.timestampS,
    worldFromCam: outcome.pose.worldFromCam,
  }));
  const { queries, recall, wrong } = evaluate(estimates, reference, 1e-3);
  const inliers = posed.map((outcome) => outcome.pose.inliers).sort((a, b) => a - b);
  return { queries, fine: recall[0].count, wrong, medianInliers: inliers[inliers.length >> 1] ?? null };
}
