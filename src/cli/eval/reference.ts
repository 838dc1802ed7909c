import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseImagesCsv, parseList } from '../../map/lists.js';
import { readTextFile } from '../../map/posedFolder.js';
import { nearestPose, sortTrajectory } from '../../map/trajectory.js';
import { usageError } from '../command.js';
import type { Reference } from './assess.js';
import { readTrajectory } from './runFile.js';

export interface ReferenceOptions {
  readonly reference: string;
  readonly list?: string;
  readonly images?: string;
  readonly times?: string;
  readonly toleranceS: number;
}

/** The true trajectory and the part of it that is asked for: what `--list` names, else all. */
export function readReference(options: ReferenceOptions): Reference {
  const { reference, list, times, toleranceS } = options;
  const all = sortTrajectory(readTrajectory(reference, { use: 'raw', times }), reference);
  if (list === undefined) return { all, queries: all };
  const queries = listedTimes(parseList(readTextFile(list), list), list, options).map(({ name, timeS }) => {
    const pose = nearestPose(all, timeS, toleranceS);
    if (pose === null) throw usageError(`${list}: ${name} (t = ${timeS}) has no pose in ${reference}.`);
    return pose;
  });
  return { all, queries };
}

interface ListedTime {
  readonly name: string;
  readonly timeS: number;
}

function listedTimes(names: readonly string[], list: string, options: ReferenceOptions): ListedTime[] {
  const csv = options.images ?? join(dirname(options.reference), 'images.csv');
  if (!existsSync(csv)) {
    const times = names.map((name) => ({ name, timeS: Number(name) }));
    if (times.every(({ timeS }) => Number.isFinite(timeS))) return times;
    throw usageError(`${csv} is not there.`, '--images names the file that gives each image its timestamp.');
  }
  const byName = new Map(parseImagesCsv(readTextFile(csv), csv).map((entry) => [entry.name, entry.timeS]));
  return names.map((name) => {
    const timeS = byName.get(name);
    if (timeS === undefined) throw usageError(`${list}: ${name} is not in ${csv}.`);
    return { name, timeS };
  });
}
