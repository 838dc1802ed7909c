import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openInput } from '../../src/cli/input.js';
import { readTextFile } from '../../src/map/posedFolder.js';
import { sortTrajectory } from '../../src/map/trajectory.js';
import { parseTum, type TimedPose } from '../../src/map/tum.js';
import type { FrameSource } from '../../src/streams/frameSource.js';
import { repositoryPath, sharedPath } from '../../test/support/shared.js';

/** Of videos, as `serve` takes them, and of photos, as `map build` and `localize` do. */
export const MAX_SIDE_PX = 640;
export const PHOTO_SIDE_PX = 1024;

/** A sequence of frames of one place. */
export interface Clip {
  readonly name: string;
  /** Clips and maps of one place see each other's ground. */
  readonly place: string;
  readonly kind: 'rendered' | 'real';
  readonly open: () => Promise<FrameSource>;
  /** Camera-to-world by the clip's own time, in the frame of the place's maps; null where nobody knows. */
  readonly truth: readonly TimedPose[] | null;
  /** The map these very frames are in. */
  readonly mapped?: string;
}

/** A map to be built from posed frames. */
export interface MapSource {
  readonly name: string;
  readonly place: string;
  readonly path: string;
  readonly list?: string;
  readonly every?: number;
  /** `MAX_SIDE_PX` where absent. */
  readonly maxSidePx?: number;
  /** Video: another trajectory than the one beside it; frames without a pose stay out. */
  readonly poses?: string;
}

const TOWN_DRIVES = [
  'day-map',
  'day-other-lane',
  'day-moved-sun',
  'dusk',
  'night',
  'drone',
  'repeated-block',
];
/** Drives that are maps whole. */
const MAPPED: Readonly<Record<string, string>> = { 'day-map': 'town', 'repeated-block': 'repeated-block' };
const REAL_SETS = ['kitti_a', 'karma_drone', 'walk_goproMax', 'brighton_drone', 'redkitchen7_early'];

/** Every map that can be built from what is at hand.
 * @param towns  folder of more rendered towns as `<seed>/<light>/`, or null */
export function mapsAtHand(towns: string | null, scratch: string): MapSource[] {
  const town = (name: string) => repositoryPath('fixtures', 'town', name, 'video.mp4');
  const maps: MapSource[] = [
    { name: 'town', place: 'town', path: town('day-map') },
    { name: 'town drone', place: 'town', path: town('drone'), every: 6 },
    { name: 'repeated-block', place: 'repeated-block', path: town('repeated-block') },
    ...REAL_SETS.map((set) => ({
      name: set,
      place: set,
      path: sharedPath('data', set),
      list: sharedPath('data', set, 'map.txt'),
      maxSidePx: PHOTO_SIDE_PX,
    })),
    { name: 'lund_door', place: 'lund_door', path: sharedPath('data', 'lund_door') },
    ...moreTowns(towns)
      .filter(({ light }) => light === 'day')
      .map((other) => ({
        name: other.place,
        place: other.place,
        path: posedFolder(other.folder, join(scratch, other.place, other.light)),
      })),
  ];
  return maps.filter(({ path }) => existsSync(path));
}

/** Every clip at hand whose poses are known, by itself or within its place's map. */
export function posedClips(towns: string | null, scratch: string): Clip[] {
  return [
    ...TOWN_DRIVES.map(townClip),
    ...REAL_SETS.map(queryClip),
    redkitchenVideo(),
    ...moreTowns(towns).map((town) => townFrames(town, scratch)),
  ].filter((clip) => clip !== null);
}

function townClip(name: string): Clip | null {
  const file = (part: string) => repositoryPath('fixtures', 'town', name, part);
  if (!existsSync(file('video.mp4'))) return null;
  const place = name === 'repeated-block' ? name : 'town';
  const about = { name, place, kind: 'rendered', mapped: MAPPED[name] } as const;
  return videoClip(about, file('video.mp4'), undefined, readPoses(file('poses.tum')));
}

/** The queries of a real set, in their order. */
function queryClip(set: string): Clip | null {
  const folder = sharedPath('data', set);
  if (!existsSync(folder)) return null;
  const list = join(folder, 'query.txt');
  return {
    ...{ name: `${set} queries`, place: set, kind: 'real' },
    open: async () => (await openInput(folder, { list, maxSidePx: PHOTO_SIDE_PX })).frames,
    truth: readPoses(join(folder, 'poses_tum.txt')),
  };
}

function redkitchenVideo(): Clip | null {
  const folder = sharedPath('data', 'redkitchen7_early');
  const video = sharedPath('data', 'streams', 'redkitchen7_early_30fps.mp4');
  if (!existsSync(video)) return null;
  const set = 'redkitchen7_early';
  const about = { name: 'redkitchen7 video', place: set, kind: 'real', mapped: set } as const;
  return videoClip(about, video, join(folder, 'intrinsics.json'), readPoses(join(folder, 'poses_tum.txt')));
}

export function videoClip(
  about: Pick<Clip, 'name' | 'place' | 'kind' | 'mapped'>,
  path: string,
  intrinsics: string | undefined,
  truth: Clip['truth'],
): Clip {
  return {
    ...about,
    open: async () => (await openInput(path, { intrinsics, maxSidePx: MAX_SIDE_PX })).frames,
    truth,
  };
}

interface OtherTown {
  readonly place: string;
  readonly light: string;
  readonly folder: string;
}

function moreTowns(towns: string | null): OtherTown[] {
  if (towns === null) return [];
  return subfolders(towns).flatMap((seed) =>
    subfolders(join(towns, seed)).map((light) => ({
      ...{ place: `town ${seed}`, light },
      folder: resolve(towns, seed, light),
    })),
  );
}

const subfolders = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

function townFrames({ place, light, folder }: OtherTown, scratch: string): Clip {
  const posed = posedFolder(folder, join(scratch, place, light));
  return {
    ...{ name: `${place} ${light}`, place, kind: 'rendered' },
    mapped: light === 'day' ? place : undefined,
    open: async () => (await openInput(posed, { maxSidePx: MAX_SIDE_PX })).frames,
    truth: readPoses(join(posed, 'poses_tum.txt')),
  };
}

/** Frames as the renderer leaves them, laid out as a posed folder.
 * @returns the new folder */
function posedFolder(frames: string, out: string): string {
  if (existsSync(join(out, 'images.csv'))) return out;
  mkdirSync(out, { recursive: true });
  const names = readdirSync(frames)
    .filter((name) => name.endsWith('.png'))
    .sort();
  const poses = parseTum(readTextFile(join(frames, 'poses.tum')), 'poses.tum');
  symlinkSync(frames, join(out, 'images'));
  for (const [from, to] of [
    ['poses.tum', 'poses_tum.txt'],
    ['intrinsics.json', 'intrinsics.json'],
  ])
    writeFileSync(join(out, to), readFileSync(join(frames, from)));
  const rows = names.map((name, i) => `${poses[i].timeS},${name}`);
  writeFileSync(join(out, 'images.csv'), `timestamp,file\n${rows.join('\n')}\n`);
  return out;
}

const readPoses = (path: string) => sortTrajectory(parseTum(readTextFile(path), path), path);
