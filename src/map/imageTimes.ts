import { PosestreamError } from '../domain/errors.js';
import type { TimedName } from './lists.js';
import { nearestPose } from './trajectory.js';
import type { TimedPose } from './tum.js';

/** Units a file name may count time in: seconds, milliseconds, microseconds, nanoseconds. */
const UNITS_S = [1, 1e-3, 1e-6, 1e-9];

/** Times of images that no `images.csv` gives: the file names where they are timestamps of the trajectory, otherwise
 * by order where there are exactly as many images as poses. Throws E_MAP_INPUT where neither holds. */
export function inferImageTimes(
  names: readonly string[],
  sorted: readonly TimedPose[],
  folder: string,
): TimedName[] {
  for (const unitS of UNITS_S) {
    const timed = names.flatMap((name) => {
      const timeS = timeInName(name, unitS);
      return timeS === null ? [] : [{ name, timeS }];
    });
    const paired = timed.filter(({ timeS }) => nearestPose(sorted, timeS) !== null).length;
    if (paired > 1 && 2 * paired >= Math.min(names.length, sorted.length)) return timed;
  }
  if (names.length === sorted.length)
    return [...names].sort(naturally).map((name, i) => ({ name, timeS: sorted[i].timeS }));
  throw new PosestreamError(
    'E_MAP_INPUT',
    `${folder}: ${names.length} images and ${sorted.length} poses cannot be paired without images.csv.`,
    { hint: 'Add images.csv with lines: timestamp,file name' },
  );
}

function timeInName(name: string, unitS: number): number | null {
  const stem = name.replace(/^.*\//, '').replace(/\.[a-z]+$/i, '');
  return /^\d+(\.\d+)?$/.test(stem) ? Number(stem) * unitS : null;
}

/** frame2 before frame10; the same on every machine. */
function naturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : 1);
}
