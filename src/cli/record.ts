import type { Camera } from '../domain/camera.js';
import type { Outcome } from '../domain/outcome.js';
import type { Localizer } from '../operators/localizer.js';
import { openRecording } from '../server/formats/recording.js';
import { systemClock } from '../streams/clock.js';
import type { Report } from './report.js';
import { say } from './terminal.js';
import { packageVersion } from './version.js';

/** What `localize` calls its only stream in a recording. */
export const RECORDED_STREAM = 'camera';

/** A recording of one input. A video's frames are written under its own time line, so that the same input gives the
 * same file; a camera's under the calendar.
 * @throws PosestreamError as the file is opened; `close` throws E_DISK_FULL and the like where it is incomplete */
export async function openInputRecording(
  path: string,
  camera: Camera,
  localizer: Localizer,
  isLive: boolean,
): Promise<Report> {
  const clockMs = ({ frame }: Outcome) =>
    frame.captureClock === 'media' ? frame.captureMs : systemClock.nowMs();
  const recording = await openRecording({
    ...{ path, map: localizer.map, model: localizer.engine.model, serverVersion: packageVersion() },
    streams: [{ id: RECORDED_STREAM, camera }],
    imageHz: 0,
    nowMs: isLive ? systemClock.nowMs() : 0,
    onFailure: ({ code, message }) => say(`${code} ${message} Recording has stopped.`),
  });
  return {
    write: (outcome) => recording.outcome(outcome, clockMs(outcome)),
    close: async () => {
      const failure = await recording.close();
      if (failure !== null) throw failure;
    },
  };
}
