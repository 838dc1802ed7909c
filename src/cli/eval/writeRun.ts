import { writeFileSync } from 'node:fs';
import { fileError } from '../../map/fileError.js';
import { formatKitti, formatKittiTimes } from '../../map/kitti.js';
import { formatTum } from '../../map/tum.js';
import { hasPose, type Run } from './run.js';

export interface WriteOptions {
  readonly writeTum?: string;
  readonly writeKitti?: string;
  readonly writeTimes?: string;
}

/** The run's poses in other formats; frames without a pose are left out. */
export function writeRun({ frames }: Run, { writeTum, writeKitti, writeTimes }: WriteOptions): void {
  const poses = frames.filter(hasPose);
  if (writeTum !== undefined) writeText(writeTum, formatTum(poses));
  if (writeKitti !== undefined) writeText(writeKitti, formatKitti(poses));
  if (writeTimes !== undefined) writeText(writeTimes, formatKittiTimes(poses));
}

/** Throws E_FILE_NOT_FOUND, E_FILE_INVALID, E_DISK_FULL. */
export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw fileError(cause, path);
  }
}
