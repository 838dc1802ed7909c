import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openInput } from '../../src/cli/input.js';
import type { Frame } from '../../src/domain/frame.js';
import type { WorldFromCam } from '../../src/domain/rigid.js';
import { compose } from '../../src/geometry/rigid.js';
import { readTextFile } from '../../src/map/posedFolder.js';
import { nearestPose } from '../../src/map/trajectory.js';
import { parseTum, type TimedPose } from '../../src/map/tum.js';
import type { LocalizeMode } from '../../src/streams/localize.js';
import {
  asItIs,
  cropped,
  mirrored,
  type Picture,
  turn,
  turnedAway,
  wrongFocal,
} from '../../test/support/pictures.js';
import { repositoryPath } from '../../test/support/shared.js';
import { type Clip, MAX_SIDE_PX, type MapSource } from './places.js';
import { framesOf } from './playClip.js';
import { standpoints, wallOf, writeViews } from './wall.js';

/** Frames, the map they are asked of, and where they truly are; null where any pose is wrong. */
export interface Deception {
  readonly name: string;
  readonly map: MapSource;
  readonly mode: LocalizeMode;
  readonly frames: readonly Frame[];
  readonly truths: readonly (WorldFromCam | null)[];
}

const FOCALS = [0.8, 0.9, 0.95, 1.05, 1.1, 1.2];
/** Alone each frame says little; together they say that the focal length is wrong. */
const MODES = ['frame', 'sequence'] as const;

/** One clip in its own map, through pictures that lie. */
export async function picturesThatLie(clip: Clip, map: MapSource, most: number): Promise<Deception[]> {
  const frames = await someFrames(clip, most);
  const truths = frames.map((frame) => truthOf(clip.truth!, frame));
  const nowhere = truths.map(() => null);
  const seen = (
    what: string,
    picture: Picture,
    where: Deception['truths'] = truths,
    mode: LocalizeMode = 'frame',
  ): Deception => ({
    ...{ name: `${clip.name}: ${what}, ${mode} mode`, map, mode, truths: where },
    frames: frames.map(picture),
  });
  const untold = MODES.flatMap((mode) => [
    ...FOCALS.map((factor) => seen(`focal length × ${factor}`, wrongFocal(factor), truths, mode)),
    seen('the middle half, not told', cropped(0.5, false), truths, mode),
  ]);
  return [
    seen('as it is', asItIs),
    seen('as it is', asItIs, truths, 'sequence'),
    ...untold,
    seen('the middle half, told', cropped(0.5)),
    seen('mirrored', mirrored, nowhere),
    turning(`${clip.name}: turning on the spot`, map, frames[frames.length >> 1], clip.truth!),
  ];
}

const TURN_FRAMES = 40;
const TURN_FPS = 15;

/** A camera that looks around without moving, as a sequence. */
function turning(name: string, map: MapSource, still: Frame, poses: readonly TimedPose[]): Deception {
  const angles = Array.from({ length: TURN_FRAMES }, (_, i) => {
    const phase = (2 * Math.PI * i) / TURN_FRAMES;
    return [12 * Math.sin(phase), 5 * Math.sin(2 * phase)] as const;
  });
  const truth = truthOf(poses, still)!;
  return {
    ...{ name, map, mode: 'sequence' },
    frames: angles.map(([right, down], i) => ({
      ...turnedAway(right, down)(still),
      ...{ sequence: i, timestampS: i / TURN_FPS, captureMs: (1000 * i) / TURN_FPS },
    })),
    truths: angles.map(([right, down]) => compose(truth, turn(right, down))),
  };
}

/** A wall hung with pictures, mapped and asked from near and far. */
export async function flatWall(pictures: Clip, scratch: string): Promise<Deception[]> {
  const wall = wallOf(await someFrames(pictures, 6));
  const path = await writeViews(wall, standpoints(wall, 20, [2.5, 4], 1), join(scratch, 'wall', 'map'));
  const map: MapSource = { name: 'wall', place: 'wall', path };
  const asked = async (
    what: string,
    distanceM: readonly [number, number],
    seed: number,
  ): Promise<Deception> => {
    const out = join(scratch, 'wall', what.replace(/\W+/g, '-'));
    const poses = standpoints(wall, 30, distanceM, seed);
    const folder = await writeViews(wall, poses, out);
    const frames = await owned((await openInput(folder, { maxSidePx: MAX_SIDE_PX })).frames);
    return { name: `flat wall, ${what}`, map, mode: 'frame', frames, truths: poses };
  };
  return [await asked('as far as mapped', [2.5, 4], 2), await asked('three times as far', [9, 11], 3)];
}

/** Metres after which the houses repeat. */
const BLOCK_M = 40;
/** With the longer one the copy comes into sight before the map ends, with the shorter one the camera is lost between. */
const MAPPED_M = [26, 10];

/** A street whose houses repeat: asked where it is mapped, one block further, where all looks the same, and on the way from
 * the one to the other. */
export async function repeatedBlock(clip: Clip, scratch: string): Promise<Deception[]> {
  const folder = repositoryPath('fixtures', 'town', 'repeated-block');
  const trajectory = parseTum(readTextFile(join(folder, 'poses.tum')), 'poses.tum');
  const [x0] = trajectory[0].worldFromCam.t;
  const beyond = ({ worldFromCam }: TimedPose) => worldFromCam.t[0] - x0;
  const path = join(folder, 'video.mp4');
  const first = (lengthM: number): MapSource => {
    const inside = trajectory.filter((pose) => beyond(pose) < lengthM);
    const poses = writePoses(inside, join(scratch, `first-${lengthM}m.tum`));
    return { name: `first ${lengthM} m`, place: 'repeated-block', path, poses };
  };
  const whole: MapSource = { name: 'every second', place: 'repeated-block', path, every: 2 };
  const frames = await framesOf(clip);
  const further = frames.filter(
    (frame) => beyond(nearestPose(trajectory, frame.timestampS, 0.01)!) >= BLOCK_M - 2,
  );
  const odd = frames.filter((_, i) => i % 2 === 1);
  const asked = (what: string, map: MapSource, mode: LocalizeMode, of: readonly Frame[]): Deception => ({
    ...{ name: `repeated block, ${what}, ${mode} mode`, map, mode, frames: of },
    truths: of.map((frame) => truthOf(trajectory, frame)),
  });
  return [
    ...MAPPED_M.map((m) => asked(`driven from ${m} m of map into the copy`, first(m), 'sequence', frames)),
    ...(['frame', 'sequence'] as const).flatMap((mode) => [
      asked('mapped whole', whole, mode, odd),
      asked('one block past the map', first(MAPPED_M[0]), mode, further),
    ]),
  ];
}

function writePoses(poses: readonly TimedPose[], path: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  const lines = poses.map(({ timeS, worldFromCam: { t, q } }) => [timeS, ...t, ...q].join(' '));
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function someFrames(clip: Clip, most: number): Promise<Frame[]> {
  const frames = (await framesOf(clip)).filter((frame) => truthOf(clip.truth!, frame) !== null);
  const count = Math.min(most, frames.length);
  return Array.from({ length: count }, (_, i) => frames[Math.floor((i * frames.length) / count)]);
}

async function owned(source: AsyncIterable<Frame>): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of source) {
    frames.push({ ...frame, pixels: frame.pixels.slice(), release: () => undefined });
    frame.release();
  }
  return frames;
}

const truthOf = (truth: readonly TimedPose[], { timestampS }: Frame): WorldFromCam | null =>
  nearestPose(truth, timestampS, 0.01)?.worldFromCam ?? null;
