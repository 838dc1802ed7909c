import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildMapFile } from '../../src/cli/buildMapFile.js';
import { openLocalizer } from '../../src/cli/openLocalizer.js';
import type { MapModel } from '../../src/domain/mapModel.js';
import type { Posed } from '../../src/domain/outcome.js';
import { angleBetween, distanceBetween } from '../../src/geometry/rigid.js';
import { readPosedFolder } from '../../src/map/posedFolder.js';
import { localizeAll } from './localizeAll.js';
import { sharedPath } from './shared.js';

/** How much of a set to take; null takes all of it. */
export interface Portion {
  readonly keyframes: number;
  readonly queries: number;
}

export interface SetResult {
  readonly map: MapModel;
  readonly queries: number;
  /** Within (0.25 m, 2°). */
  readonly fine: number;
  /** Posed, but beyond (5 m, 10°). */
  readonly wrong: number;
}

const KEYPOINTS = { map: 2000, query: 1000 };
/** As `map build` has it: more than networks of fixed size take. */
const MAX_SIDE_PX = 1024;

/** Builds a map of a real set with a network and localizes the set's queries in it, each frame alone. */
export async function runSet(manifest: string, set: string, portion: Portion | null): Promise<SetResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'posestream-plugin-'));
  try {
    const folder = sharedPath('data', set);
    const mapPath = join(scratch, 'set.map');
    const lists = writeLists(folder, scratch, portion);
    await buildMapFile(
      folder,
      { out: mapPath, model: manifest, list: lists.map, maxSidePx: MAX_SIDE_PX, keypoints: KEYPOINTS.map },
      new AbortController().signal,
    );
    return await localizeQueries({ manifest, mapPath, folder, list: lists.query });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The first keyframes and the queries that lie between them. */
function writeLists(folder: string, scratch: string, portion: Portion | null) {
  const names = (list: string): string[] =>
    readFileSync(join(folder, list), 'utf8')
      .split('\n')
      .filter((name) => name !== '');
  const keyframes = names('map.txt').slice(0, portion?.keyframes);
  const between = names('query.txt').filter(
    (name) => portion === null || name < keyframes[keyframes.length - 1],
  );
  const write = (name: string, lines: readonly string[]): string => {
    const path = join(scratch, name);
    writeFileSync(path, lines.join('\n'));
    return path;
  };
  const step = portion === null ? 1 : Math.max(1, Math.floor(between.length / portion.queries));
  const queries = between.filter((_, i) => i % step === 0).slice(0, portion?.queries);
  return { map: write('map.txt', keyframes), query: write('query.txt', queries) };
}

interface Job {
  readonly manifest: string;
  readonly mapPath: string;
  readonly folder: string;
  readonly list: string;
}

async function localizeQueries({ manifest, mapPath, folder, list }: Job): Promise<SetResult> {
  const options = { maxKeypoints: KEYPOINTS.query };
  const localizer = await openLocalizer({ mapPath, modelPath: manifest, options });
  try {
    const outcomes = await localizeAll(localizer, folder, { mode: 'frame', list });
    const truth = new Map(
      readPosedFolder(folder, list).images.map(({ name, worldFromCam }) => [name, worldFromCam]),
    );
    const within = ({ frame, pose }: Posed, m: number, deg: number): boolean => {
      const reference = truth.get(frame.name ?? '');
      if (reference === undefined) throw new Error(`${frame.name} has no reference pose`);
      const angleRad = angleBetween(pose.worldFromCam, reference);
      return distanceBetween(pose.worldFromCam, reference) <= m && angleRad <= (deg * Math.PI) / 180;
    };
    const posed = outcomes.filter((outcome) => outcome.kind === 'posed');
    return {
      map: localizer.map,
      queries: outcomes.length,
      fine: posed.filter((outcome) => within(outcome, 0.25, 2)).length,
      wrong: posed.filter((outcome) => !within(outcome, 5, 10)).length,
    };
  } finally {
    await localizer.close();
  }
}
