import { PosestreamError } from '../domain/errors.js';
import { fromMatrix3x4, rotationMatrix, writeMatrix3x4 } from '../geometry/rigid.js';
import { contentLines, lineError, parseNumber, type TextLine } from './textLines.js';
import type { TimedPose } from './tum.js';

const LAYOUT =
  'A line holds the 12 numbers of a row-major 3x4 [R | t], camera-to-world, camera x right, y down, z forward.';

/** A trajectory in KITTI's format: one [R | t] a line, no timestamps.
 * @param timesS  seconds of each line; null counts the lines from 0, one second each
 * Throws E_FILE_INVALID naming file and line. Source: Geiger et al., KITTI odometry benchmark, development kit. */
export function parseKitti(text: string, file: string, timesS: readonly number[] | null): TimedPose[] {
  const lines = contentLines(text);
  if (timesS !== null && timesS.length !== lines.length)
    throw new PosestreamError(
      'E_FILE_INVALID',
      `${file} holds ${lines.length} poses and its times file ${timesS.length} times.`,
      { hint: 'KITTI files pair by line: one time for every pose.' },
    );
  return lines.map((line, i) => ({ timeS: timesS?.[i] ?? i, worldFromCam: parseLine(line, file) }));
}

/** Seconds, one a line, as in KITTI's times.txt. Throws E_FILE_INVALID naming file and line. */
export function parseKittiTimes(text: string, file: string): number[] {
  return contentLines(text).map(({ number, text: field }) => {
    const value = parseNumber(field);
    if (value === null)
      throw lineError(
        'E_FILE_INVALID',
        file,
        number,
        `'${field}' is not a time`,
        'One time in seconds a line.',
      );
    return value;
  });
}

function parseLine(line: TextLine, file: string): TimedPose['worldFromCam'] {
  const fields = line.text.split(/\s+/);
  const complain = (what: string) => lineError('E_FILE_INVALID', file, line.number, what, LAYOUT);
  if (fields.length !== 12) throw complain(`${fields.length} fields where 12 belong`);
  const values = fields.map((field) => {
    const value = parseNumber(field);
    if (value === null) throw complain(`'${field}' is not a number`);
    return value;
  });
  const pose = fromMatrix3x4<'world', 'cam'>(values);
  if (!(deviation(pose, values) < 0.01)) throw complain('the first three columns are no rotation');
  return pose;
}

/** How far the given 3x3 is from the rotation it was read as: a scaled or mirrored one is none. */
function deviation(pose: TimedPose['worldFromCam'], values: readonly number[]): number {
  const r = rotationMatrix(pose);
  return Math.max(...Array.from(r, (v, i) => Math.abs(v - values[4 * Math.floor(i / 3) + (i % 3)])));
}

/** One line of 12 numbers per pose; the timestamps are lost, `formatKittiTimes` writes them. */
export function formatKitti(poses: readonly TimedPose[]): string {
  const row = ({ worldFromCam }: TimedPose) =>
    Array.from(writeMatrix3x4(worldFromCam, new Float64Array(12)), (v) => (v === 0 ? '0' : String(v))).join(
      ' ',
    );
  return poses.map((pose) => `${row(pose)}\n`).join('');
}

export const formatKittiTimes = (poses: readonly TimedPose[]): string =>
  poses.map(({ timeS }) => `${timeS}\n`).join('');
