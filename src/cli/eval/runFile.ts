import { basename } from 'node:path';
import { PosestreamError } from '../../domain/errors.js';
import { parseKitti, parseKittiTimes } from '../../map/kitti.js';
import { readTextFile } from '../../map/posedFolder.js';
import { contentLines } from '../../map/textLines.js';
import { parseTum, type TimedPose } from '../../map/tum.js';
import { hasSmoothPoses, parseReport } from './reportFile.js';
import { frameOfPose, hasPose, type Run, type RunFormat, type RunFrame, type Trajectory } from './run.js';

export interface ReadOptions {
  readonly use: Trajectory;
  /** File with the seconds of every line of a KITTI file. */
  readonly times?: string;
}

/** A run from a TUM file, a KITTI pose file or a report; which of them, its content says.
 * A file without any pose is a run that posed nothing. Throws E_FILE_NOT_FOUND, E_FILE_INVALID. */
export function readRun(path: string, options: ReadOptions): Run {
  const text = readTextFile(path);
  const format = formatOf(text);
  if (options.use === 'smooth') requireSmooth(text, path);
  const frames = [...framesOf(text, path, format, options)].sort((a, b) => a.timeS - b.timeS);
  return { label: basename(path), format, frames };
}

/** A trajectory that must hold poses, in any of the formats. */
export function readTrajectory(path: string, options: ReadOptions): TimedPose[] {
  const poses = readRun(path, { ...options, use: 'raw' }).frames.filter(hasPose);
  if (poses.length === 0)
    throw new PosestreamError('E_FILE_INVALID', `${path} holds no poses.`, {
      hint: 'A reference is a TUM or KITTI pose file, or a report of another run.',
    });
  return poses.map(({ timeS, worldFromCam }) => ({ timeS, worldFromCam }));
}

function formatOf(text: string): RunFormat {
  const first = contentLines(text)[0]?.text ?? '';
  if (first.startsWith('{')) return 'report';
  return first.split(/\s+/).length === 12 ? 'kitti' : 'tum';
}

function framesOf(text: string, path: string, format: RunFormat, { use, times }: ReadOptions): RunFrame[] {
  switch (format) {
    case 'report':
      return parseReport(text, path, use);
    case 'kitti':
      return parseKitti(text, path, times === undefined ? null : readTimes(times)).map(frameOfPose);
    case 'tum':
      return contentLines(text).length === 0 ? [] : parseTum(text, path).map(frameOfPose);
  }
}

const readTimes = (path: string) => parseKittiTimes(readTextFile(path), path);

function requireSmooth(text: string, path: string): void {
  if (hasSmoothPoses(text)) return;
  throw new PosestreamError('E_FILE_INVALID', `${path} holds no smooth poses.`, {
    hint: 'Reports of sequence mode do; leave --use away for the raw ones.',
  });
}
