import { existsSync } from 'node:fs';
import { repositoryPath, sharedPath } from '../support/shared.js';

/** A recording to localize in a map, and which of its true poses count. */
export interface SetCase {
  readonly name: string;
  readonly kind: 'real' | 'rendered';
  /** What the map is built from, as `posestream map build` takes it. */
  readonly map: {
    readonly input: string;
    readonly args: readonly string[];
    readonly files: readonly string[];
  };
  /** What is localized, as `posestream localize` takes it. */
  readonly input: string;
  readonly args: readonly string[];
  readonly reference: string;
  /** Names of the images that count; all of the reference where absent. */
  readonly list?: string;
  /** Every n-th frame is in the map and does not count. */
  readonly mappedEvery?: number;
}

interface RealSet {
  readonly set: string;
  /** The same camera's whole recording, at its full rate. */
  readonly video?: string;
}

const REAL: readonly RealSet[] = [
  { set: 'kitti_a', video: sharedPath('data', 'streams', 'kitti_a_10fps.mp4') },
  { set: 'karma_drone', video: sharedPath('data', 'karma_drone', 'video.mp4') },
  { set: 'walk_goproMax', video: sharedPath('data', 'walk_goproMax', 'video.mp4') },
  { set: 'brighton_drone' },
  { set: 'redkitchen7_early', video: sharedPath('data', 'streams', 'redkitchen7_early_30fps.mp4') },
];

const TOWN = ['day-other-lane', 'day-moved-sun', 'dusk', 'night'] as const;
const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);

/** Every set, here or not: query lists first, then the videos, then the town. */
export const allCases = (): SetCase[] => [
  ...REAL.map(listCase),
  ...REAL.flatMap(videoCase),
  ...TOWN.map(townCase),
  droneCase(),
];

export const isHere = ({ map, input, reference }: SetCase): boolean =>
  [map.input, input, reference].every(existsSync);

function listCase({ set }: RealSet): SetCase {
  const folder = (...parts: string[]) => sharedPath('data', set, ...parts);
  const files = ['map.txt', 'images', 'images.csv', 'poses_tum.txt', 'intrinsics.json'];
  return {
    name: set,
    kind: 'real',
    map: { input: folder(), args: ['--list', folder('map.txt')], files: files.map((file) => folder(file)) },
    input: folder(),
    args: ['--list', folder('query.txt')],
    reference: folder('poses_tum.txt'),
    list: folder('query.txt'),
  };
}

/** All frames between the queries too, so that a sequence is one; the queries alone count, as they are not in the map. */
function videoCase(real: RealSet): SetCase[] {
  if (real.video === undefined) return [];
  const args = ['--intrinsics', sharedPath('data', real.set, 'intrinsics.json')];
  return [{ ...listCase(real), name: `${real.set} video`, input: real.video, args }];
}

function townCase(name: string): SetCase {
  return {
    name: `town ${name}`,
    kind: 'rendered',
    map: townMap('day-map', []),
    input: town(name, 'video.mp4'),
    args: [],
    reference: town(name, 'poses.tum'),
  };
}

/** The flight sees roofs that no drive saw: its map is made of every sixth of its own frames. */
const droneCase = (): SetCase => ({
  ...townCase('drone'),
  map: townMap('drone', ['--every', '6']),
  mappedEvery: 6,
});

const townMap = (name: string, args: readonly string[]): SetCase['map'] => ({
  input: town(name, 'video.mp4'),
  args,
  files: ['video.mp4', 'poses.tum', 'intrinsics.json'].map((file) => town(name, file)),
});
