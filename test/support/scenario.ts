import { lastValueFrom, toArray } from 'rxjs';
import type { OpenLocalizer } from '../../src/cli/openLocalizer.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Outcome } from '../../src/domain/outcome.js';
import { angleBetween, distanceBetween } from '../../src/geometry/rigid.js';
import { nearestPose } from '../../src/map/trajectory.js';
import type { TimedPose } from '../../src/map/tum.js';
import { localizeRecording } from '../../src/streams/localize.js';
import { asItIs, type Picture } from './pictures.js';

/** A stretch of a clip, in seconds of the clip's own time. */
export interface Stretch {
  readonly fromS: number;
  readonly toS: number;
  readonly picture?: Picture;
  /** Time that passes unseen before it. */
  readonly gapS?: number;
}

/** One frame of what the camera saw, and where it truly was. */
export interface Shot {
  readonly frame: Frame;
  readonly truth: TimedPose;
  readonly stretch: number;
}

/** Cuts a clip into what a camera would deliver: stretches one after the other on one clock, whatever they show. */
export function cut(
  clip: readonly Frame[],
  poses: readonly TimedPose[],
  periodS: number,
  stretches: readonly Stretch[],
): Shot[] {
  const shots: Shot[] = [];
  let timeS = 0;
  stretches.forEach(({ fromS, toS, picture = asItIs, gapS = 0 }, stretch) => {
    timeS += gapS;
    for (const frame of clip.filter(({ timestampS: t }) => t >= fromS && t < toS)) {
      const truth = nearestPose(poses, frame.timestampS)!;
      const seen = picture({ ...frame, release: () => undefined });
      const stamp = { sequence: shots.length, timestampS: timeS, captureMs: timeS * 1000 };
      shots.push({ frame: { ...seen, ...stamp }, truth, stretch });
      timeS += periodS;
    }
  });
  return shots;
}

/** Outcomes in sequence mode, one a shot. */
export function playShots(shots: readonly Shot[], localizer: OpenLocalizer): Promise<Outcome[]> {
  return lastValueFrom(localizeRecording(framesOf(shots), localizer, 'sequence').pipe(toArray()));
}

async function* framesOf(shots: readonly Shot[]): AsyncGenerator<Frame> {
  for (const { frame } of shots) yield frame;
}

export interface Seen {
  readonly outcome: Outcome;
  readonly stretch: number;
  readonly timeS: number;
  /** Published and within 0.5 m and 5 degrees. */
  readonly isRight: boolean;
  /** Published and beyond that. */
  readonly isWrong: boolean;
}

export function holdAgainst(shots: readonly Shot[], outcomes: readonly Outcome[]): Seen[] {
  return outcomes.map((outcome, i) => {
    const { truth, stretch, frame } = shots[i];
    const base = { outcome, stretch, timeS: frame.timestampS };
    if (outcome.kind !== 'posed') return { ...base, isRight: false, isWrong: false };
    const { worldFromCam } = outcome.pose;
    const isRight =
      distanceBetween(worldFromCam, truth.worldFromCam) < 0.5 &&
      angleBetween(worldFromCam, truth.worldFromCam) < (5 * Math.PI) / 180;
    return { ...base, isRight, isWrong: !isRight };
  });
}
