import { PosestreamError } from '../domain/errors.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { rigid } from '../geometry/rigid.js';
import { contentLines, lineError, parseNumber, type TextLine } from './textLines.js';

export interface TimedPose {
  readonly timeS: number;
  readonly worldFromCam: WorldFromCam;
}

const LAYOUT =
  'A line holds: timestamp tx ty tz qx qy qz qw (camera-to-world, camera x right, y down, z forward).';

/** A trajectory in the TUM format, in file order; separators are spaces, tabs or commas.
 * Throws E_FILE_INVALID naming file and line. Source: TUM RGB-D benchmark, file formats. */
export function parseTum(text: string, file: string): TimedPose[] {
  const poses = contentLines(text).map((line) => parsePose(line, file));
  if (poses.length === 0)
    throw new PosestreamError('E_FILE_INVALID', `${file} holds no poses.`, { hint: LAYOUT });
  return poses;
}

function parsePose(line: TextLine, file: string): TimedPose {
  const fields = line.text.split(/[\s,]+/);
  if (fields.length !== 8)
    throw lineError('E_FILE_INVALID', file, line.number, `${fields.length} fields where 8 belong`, LAYOUT);
  const [timeS, tx, ty, tz, qx, qy, qz, qw] = fields.map((field) => {
    const value = parseNumber(field);
    if (value === null)
      throw lineError('E_FILE_INVALID', file, line.number, `'${field}' is not a number`, LAYOUT);
    return value;
  });
  if (Math.abs(Math.hypot(qx, qy, qz, qw) - 1) > 0.01)
    throw lineError('E_FILE_INVALID', file, line.number, 'the quaternion is not of unit length', LAYOUT);
  return { timeS, worldFromCam: rigid([qx, qy, qz, qw], [tx, ty, tz]) };
}

/** One line per pose; numbers in the shortest form that reads back to the same double. */
export function formatTum(poses: readonly TimedPose[]): string {
  const lines = poses.map(({ timeS, worldFromCam: { q, t } }) => [timeS, ...t, ...q].map(plain).join(' '));
  return ['# timestamp tx ty tz qx qy qz qw', ...lines, ''].join('\n');
}

function plain(value: number): string {
  return Object.is(value, -0) ? '0' : String(value);
}
