import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../../src/map/posedFolder.js';
import { type ImageEntry, openImages } from '../../src/streams/imageFolder.js';
import { openVideo } from '../../src/streams/videoFile.js';
import { sharedPath } from '../../test/support/shared.js';
import { type Clip, MAX_SIDE_PX, posedClips, videoClip } from './places.js';

/** Every clip at hand, with poses or without: what a live user may point at the wrong map. */
export function allClips(towns: string | null, scratch: string): Clip[] {
  return [...posedClips(towns, scratch), ...videos(), ...photoSequences()];
}

function videos(): Clip[] {
  const data = (...parts: string[]) => sharedPath('data', ...parts);
  const of = (name: string, place: string, file: string, set: string) =>
    videoClip({ name, place, kind: 'real' }, file, data(set, 'intrinsics.json'), null);
  const clips = [
    of('karma video', 'karma_drone', data('karma_drone', 'video.mp4'), 'karma_drone'),
    of('walk video', 'walk_goproMax', data('walk_goproMax', 'video.mp4'), 'walk_goproMax'),
    of('kitti video', 'kitti_a', data('streams', 'kitti_a_10fps.mp4'), 'kitti_a'),
  ];
  return existsSync(data())
    ? [...clips, dashcam(data('streams', 'carnd_solidWhiteRight_960x540_25fps.mp4'))]
    : [];
}

/** Its intrinsics are not known; a dashcam's usual angle stands in. */
function dashcam(path: string): Clip {
  const camera = guessedCamera(960, 540);
  return {
    ...{ name: 'dashcam video', place: 'carnd', kind: 'real', truth: null },
    open: async () => openVideo(path, { camera, maxSidePx: MAX_SIDE_PX }),
  };
}

const guessedCamera = (widthPx: number, heightPx: number) => {
  const focalPx = 0.85 * Math.max(widthPx, heightPx);
  return {
    ...({ model: 'PINHOLE', widthPx, heightPx } as const),
    params: [focalPx, focalPx, widthPx / 2, heightPx / 2],
  };
};

/** Places that are a set as well. */
const SAME_PLACE: Readonly<Record<string, string>> = {
  'brighton:images': 'brighton_drone',
  'opensfm:data/lund/images': 'lund_door',
};
/** Frames of videos that are clips already. */
const REPEATED = /^(gpmf|carnd)/;
const FEWEST = 5;
const SEQUENCE_FPS = 10;

/** Photos of one flight or walk, in the order of their names, as fast as a video; crops of them are a clip of their own. */
function photoSequences(): Clip[] {
  const folder = sharedPath('photos');
  if (!existsSync(folder)) return [];
  const sequences = new Map<string, ImageEntry[]>();
  for (const row of readTextFile(join(folder, 'SOURCES.csv')).trim().split('\n').slice(1)) {
    const cells = splitRow(row);
    const [file, , , , , , sequence, kind, width, height] = cells;
    if (REPEATED.test(sequence)) continue;
    const name = `${sequence === '' ? file.split('/')[0] : sequence}${kind === 'crop' ? ' crops' : ''}`;
    const entries = sequences.get(name) ?? [];
    const camera = guessedCamera(Number(width), Number(height));
    entries.push({ name: file, path: join(folder, file), timestampS: entries.length / SEQUENCE_FPS, camera });
    sequences.set(name, entries);
  }
  return [...sequences]
    .filter(([, entries]) => entries.length >= FEWEST)
    .map(([name, entries]) => ({
      ...{ name, place: placeOf(name), kind: 'real', truth: null },
      open: async () => openImages(entries, { maxSidePx: MAX_SIDE_PX }),
    }));
}

const placeOf = (sequence: string) => {
  const whole = sequence.replace(/ crops$/, '');
  return SAME_PLACE[whole] ?? whole;
};

/** Cells of a CSV row; quoted ones may hold commas. */
function splitRow(row: string): string[] {
  return [...row.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map(([, cell, quoted]) => quoted ?? cell);
}
