import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Lost, Outcome, Posed, SmoothPose } from '../domain/outcome.js';
import { fileError } from '../map/fileError.js';
import { captureAgeMs } from '../server/poseMessage.js';
import { systemClock } from '../streams/clock.js';

export interface Report {
  readonly write: (outcome: Outcome) => void;
  /** Resolves once everything is on disk; throws E_FILE_INVALID or E_DISK_FULL where it is not. */
  readonly close: () => Promise<void>;
}

/** One JSON line per frame. */
export function openReport(path: string): Report {
  const stream = createWriteStream(path);
  let failure: unknown = null;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    write: (outcome) => stream.write(`${JSON.stringify(reportLine(outcome, systemClock.nowMs()))}\n`),
    close: async () => {
      if (failure === null) {
        stream.end();
        await once(stream, 'close');
      }
      if (failure !== null) throw fileError(failure, path);
    },
  };
}

/** What a report says of a frame: flat, named, with units. Its age is known where the frame came live.
 * @param nowMs  since the Unix epoch */
export function reportLine(outcome: Outcome, nowMs: number): Record<string, unknown> {
  const { frame, timings } = outcome;
  const ageMs = captureAgeMs(frame, nowMs);
  const base = {
    timestampS: frame.timestampS,
    ...(ageMs === null ? {} : { ageMs }),
    ...(frame.name === undefined ? {} : { name: frame.name }),
    epoch: frame.epoch,
    sequence: frame.sequence,
    outcome: outcome.kind,
  };
  switch (outcome.kind) {
    case 'dropped':
      return { ...base, reason: outcome.reason, timings };
    case 'lost': {
      const { reason, detail } = outcome;
      return { ...base, ...trackFields(outcome), reason, detail, confidence: 0, timings };
    }
    case 'posed': {
      const { worldFromCam, covariance, ...rest } = outcome.pose;
      return {
        ...base,
        ...trackFields(outcome),
        ...rest,
        ...smoothFields(outcome.smooth),
        position: worldFromCam.t,
        orientation: worldFromCam.q,
        covariance: covariance === null ? null : [...covariance],
        timings,
      };
    }
  }
}

const trackFields = ({ state, resetCounter, retrieved }: Posed | Lost) => ({
  state,
  resetCounter,
  retrieved,
});

const smoothFields = (smooth: SmoothPose | null) =>
  smooth === null ? {} : { smoothPosition: smooth.worldFromCam.t, smoothOrientation: smooth.worldFromCam.q };
