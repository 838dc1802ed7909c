import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseImagesCsv, parseList } from '../src/map/lists.js';
import { readTextFile } from '../src/map/posedFolder.js';
import { parseTum, type TimedPose } from '../src/map/tum.js';
import { repositoryPath, sharedPath } from '../test/support/shared.js';

export interface CourseMap {
  /** Posed folder or video with poses beside it. */
  readonly path: string;
  readonly list?: string;
}

/** A video to be localized in a map of the same place. */
export interface Course {
  readonly name: string;
  readonly map: CourseMap;
  readonly video: string;
  readonly intrinsics: string;
  /** True poses of the frames that count, by the video's time. */
  readonly queries: readonly TimedPose[];
}

/** Those whose data is at hand. */
export function coursesAtHand(): Course[] {
  return [redkitchen(), town()].filter((course) => course !== null);
}

/** Indoor, handheld, 640x480: the map is the first 393 frames, the later ones are asked. */
function redkitchen(): Course | null {
  const set = sharedPath('data', 'redkitchen7_early');
  const video = sharedPath('data', 'streams', 'redkitchen7_early_30fps.mp4');
  if (!existsSync(set) || !existsSync(video)) return null;
  const file = (name: string) => join(set, name);
  const asked = new Set(parseList(readTextFile(file('query.txt')), 'query.txt'));
  const times = parseImagesCsv(readTextFile(file('images.csv')), 'images.csv')
    .filter(({ name }) => asked.has(name))
    .map(({ timeS }) => timeS);
  return {
    name: 'redkitchen (real, 640×480)',
    map: { path: set, list: file('map.txt') },
    video,
    intrinsics: file('intrinsics.json'),
    queries: posesAt(file('poses_tum.txt'), times),
  };
}

/** Rendered street: mapped by day, asked on the other lane; every tenth frame counts. */
function town(): Course | null {
  const file = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
  const [mapVideo, video] = [file('day-map', 'video.mp4'), file('day-other-lane', 'video.mp4')];
  if (!existsSync(mapVideo) || !existsSync(video)) return null;
  const poses = parseTum(readTextFile(file('day-other-lane', 'poses.tum')), 'poses.tum');
  return {
    name: 'town (synthetic)',
    map: { path: mapVideo },
    video,
    intrinsics: file('day-other-lane', 'intrinsics.json'),
    queries: poses.filter((_, i) => i % 10 === 5),
  };
}

/** Half a frame at 60 Hz. */
export const SAME_FRAME_S = 0.008;

function posesAt(path: string, times: readonly number[]): TimedPose[] {
  return parseTum(readTextFile(path), path).filter(({ timeS }) =>
    times.some((time) => Math.abs(time - timeS) < SAME_FRAME_S),
  );
}
