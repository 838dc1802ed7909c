import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { Outcome } from '../domain/outcome.js';
import { distanceBetween } from '../geometry/rigid.js';
import { readTextFile } from '../map/posedFolder.js';
import { nearestPose, sortTrajectory } from '../map/trajectory.js';
import { parseTum, type TimedPose } from '../map/tum.js';
import { systemClock } from '../streams/clock.js';
import { colour, say } from './terminal.js';

/** Frames a second are averaged over this long; without a terminal a line is said as often. */
const WINDOW_MS = 2000;

/** Says in one line what the newest frame gave; on a terminal it rewrites itself. */
export function startStatusLine(referencePath: string | undefined): MonoTypeOperatorFunction<Outcome> {
  const truth = referencePath === undefined ? [] : readTrajectory(referencePath);
  const recent: number[] = [];
  let lastSaidMs = 0;
  return tap((outcome) => {
    if (outcome.kind === 'dropped') return;
    const nowMs = systemClock.nowMs();
    recent.push(nowMs);
    while (recent[0] < nowMs - WINDOW_MS) recent.shift();
    const line = statusLine(outcome, truth, nowMs, (1000 * recent.length) / WINDOW_MS);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${line}`);
    else if (nowMs - lastSaidMs >= WINDOW_MS) {
      lastSaidMs = nowMs;
      say(line);
    }
  });
}

function readTrajectory(path: string): TimedPose[] {
  return sortTrajectory(parseTum(readTextFile(path), path), path);
}

export function statusLine(
  outcome: Exclude<Outcome, { kind: 'dropped' }>,
  truth: readonly TimedPose[],
  nowMs: number,
  fps: number,
): string {
  const { timestampS, captureMs, captureClock } = outcome.frame;
  const tail = `age ${captureClock === 'media' ? '–' : (nowMs - captureMs).toFixed(0)} ms  ${fps.toFixed(1)} frames/s`;
  const time = `${timestampS.toFixed(2)} s`;
  if (outcome.kind === 'lost') return `${colour.red('lost')}   ${time}  ${outcome.detail}  ${tail}`;
  const { worldFromCam, inliers, source } = outcome.pose;
  const position = worldFromCam.t.map((v) => v.toFixed(2).padStart(7)).join(' ');
  const known = nearestPose(truth, timestampS);
  const error =
    known === null
      ? ''
      : `  error ${(100 * distanceBetween(worldFromCam, known.worldFromCam)).toFixed(1)} cm`;
  const word = source === 'coasted' ? colour.yellow('coast') : colour.green('posed');
  return `${word}  ${time}  [${position}] m${error}  ${inliers} inliers  ${tail}`;
}
