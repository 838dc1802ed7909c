import { basename } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import type { Posed } from '../domain/outcome.js';
import { readMap } from '../map/mapFile.js';
import { readRecording } from '../server/formats/readRecording.js';
import type { TrackPose } from '../server/formats/track.js';
import type { Wgs84 } from '../server/wgs84.js';
import { isFix, isFixSource } from '../tracking/isFix.js';
import { usageError } from './command.js';
import { hasPose, type PosedFrame } from './eval/run.js';
import { readRun } from './eval/runFile.js';
import { say } from './terminal.js';

export interface Track {
  readonly name: string;
  readonly poses: readonly TrackPose[];
  readonly anchor: Wgs84 | null;
}

export interface TrackOptions {
  readonly map?: string;
  readonly stream?: string;
}

/** The fixes of a recording, a report or a trajectory; what is only predicted is left out.
 * Throws E_FILE_NOT_FOUND, E_FILE_INVALID, E_USAGE (several streams and none chosen). */
export async function readTrack(path: string, options: TrackOptions): Promise<Track> {
  const anchor = options.map === undefined ? null : readMap(options.map).header.anchor;
  const track = path.endsWith('.mcap') ? await recordedTrack(path, options.stream) : textTrack(path);
  if (track.poses.length === 0)
    throw new PosestreamError('E_FILE_INVALID', `${path} holds no poses.`, {
      hint: 'Every frame in it is lost, dropped or only predicted.',
    });
  return { ...track, anchor: anchor ?? track.anchor };
}

function textTrack(path: string): Track {
  const frames = readRun(path, { use: 'raw' }).frames.filter(hasPose);
  const poses = frames.filter(({ source }) => source === null || isFixSource(source)).map(poseOfFrame);
  return { name: basename(path), poses, anchor: null };
}

const poseOfFrame = ({ timeS, worldFromCam, confidence, source, resetCounter }: PosedFrame): TrackPose => ({
  ...{ timeS, worldFromCam, confidence, source, utcMs: null },
  run: String(resetCounter ?? 0),
});

async function recordedTrack(path: string, chosen: string | undefined): Promise<Track> {
  const { info, entries } = await readRecording(path);
  const tracks = new Map<string, TrackPose[]>(info.streams.map(({ id }) => [id, []]));
  for await (const entry of entries) {
    if (entry.kind === 'change' && entry.change.kind === 'map') {
      say(`${path}: another map was swapped in; what comes after it is left out.`);
      break;
    }
    if (entry.kind === 'change' && entry.change.kind === 'stream')
      tracks.set(entry.change.stream.id, tracks.get(entry.change.stream.id) ?? []);
    if (entry.kind === 'outcome' && isFix(entry.outcome))
      tracks.get(entry.outcome.frame.stream)?.push(poseOfOutcome(entry.outcome));
  }
  const ids = [...tracks.keys()];
  const stream = chosen ?? ids[0];
  if (chosen === undefined && ids.length > 1)
    throw usageError(`${path} holds ${ids.length} streams.`, `Choose one: --stream ${ids.join(' or ')}`);
  if (!ids.includes(stream))
    throw usageError(`${path} has no stream '${stream}'.`, `It has ${ids.join(', ')}.`);
  return { name: stream, poses: tracks.get(stream) ?? [], anchor: info.map.anchor };
}

const poseOfOutcome = ({ frame, pose, resetCounter }: Posed): TrackPose => ({
  timeS: frame.timestampS,
  utcMs: frame.captureClock === 'media' ? null : frame.captureMs,
  worldFromCam: pose.worldFromCam,
  confidence: pose.confidence,
  source: pose.source,
  run: `${frame.epoch}.${resetCounter}`,
});
