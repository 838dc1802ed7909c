import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildMapFile } from '../src/cli/buildMapFile.js';
import { evaluate } from '../src/cli/evaluate.js';
import { createEngine } from '../src/hfnet/engine.js';
import { readMap, writeMap } from '../src/map/mapFile.js';
import { DEFAULT_OPTIONS } from '../src/operators/localizer.js';
import type { BenchRow } from './benchRow.js';
import { type Ceiling, measureCeiling } from './ceiling.js';
import type { Bench, BenchContext } from './context.js';
import { type Course, coursesAtHand, SAME_FRAME_S } from './courses.js';
import { type CourseRuns, courseRows } from './frameRows.js';
import { loadOpenCv } from './opencv.js';
import { buildOrbMap } from './orbMap.js';
import { runVideoJob, type VideoJob, type VideoResult } from './videoJob.js';

export const framesBench: Bench = {
  name: 'frames',
  what: 'whole frames per second of a video by mode, memory and recall, against ORB + BFMatcher + solvePnPRansac',
  run: benchFrames,
};

async function benchFrames(context: BenchContext): Promise<BenchRow[]> {
  const courses = coursesAtHand();
  if (courses.length === 0) context.say('frames: neither the town nor the real sets are here');
  const rows: BenchRow[] = [];
  for (const course of courses) rows.push(...courseRows(course.name, await runCourse(course, context)));
  return rows;
}

const MAX_SIDE_PX = 640;
/** As `map build` takes them; the peer's map has as many. */
const MAP_KEYPOINTS = 2000;
/** Left out of the quick run: minutes a frame would not be quick. */
const QUICK = { frames: 60, rounds: 1, queries: 5 };
const FULL = { frames: Number.MAX_SAFE_INTEGER, rounds: 3, queries: 30 };

async function runCourse(course: Course, context: BenchContext): Promise<CourseRuns> {
  const limits = context.quick ? QUICK : FULL;
  const maps = await buildMaps(course, context);
  const job = { ...jobOf(course, limits.frames), model: context.model };
  const peerQueries = spread(job.queries, limits.queries);
  const runs: Record<VideoJob['pipeline'], VideoResult[]> = {
    frame: [],
    sequence: [],
    'orb-near': [],
    'orb-all': [],
  };
  const ceilings: Ceiling[] = [];
  const run = async (pipeline: VideoJob['pipeline'], map: string, queries = job.queries) => {
    context.say(`frames: ${course.name}, ${pipeline}`);
    runs[pipeline].push(await runVideoJob(context.scratch, { ...job, pipeline, map, queries }));
  };
  for (let round = 0; round < limits.rounds; round++) {
    ceilings.push(await measureCeiling(availableParallelism()));
    await run('sequence', maps.ours);
    await run('orb-near', maps.orb, peerQueries);
    await run('frame', maps.ours);
    if (round === 0) await run('orb-all', maps.orb, peerQueries);
    ceilings.push(await measureCeiling(availableParallelism()));
  }
  return {
    runs,
    ceilings,
    recall: (of, queries) => evaluate(of.poses, queries, SAME_FRAME_S).recall[0].count,
    wrong: (of, queries) => evaluate(of.poses, queries, SAME_FRAME_S).wrong,
    queries: job.queries,
    peerQueries,
  };
}

/** The video, or in the quick run a piece of it that begins where queries do. */
function jobOf(course: Course, frames: number): Omit<VideoJob, 'pipeline' | 'map' | 'model'> {
  const { video, intrinsics, queries } = course;
  const isPiece = frames < Number.MAX_SAFE_INTEGER;
  const fromS = isPiece ? queries[0].timeS : 0;
  const endS = isPiece ? fromS + frames / 30 : Number.POSITIVE_INFINITY;
  return {
    ...{ video, intrinsics, keypoints: DEFAULT_OPTIONS.maxKeypoints, fromS, frames },
    queries: queries.filter(({ timeS }) => timeS < endS),
  };
}

/** At most `most`, evenly over the list. */
function spread<T>(values: readonly T[], most: number): T[] {
  const count = Math.min(most, values.length);
  return Array.from({ length: count }, (_, i) => values[Math.floor((i * values.length) / count)]);
}

async function buildMaps(course: Course, { scratch, say, model }: BenchContext) {
  const id = course.name.replace(/\W+/g, '-');
  const [ours, orb] = [join(scratch, `${id}.map`), join(scratch, `${id}-orb.map`)];
  const { path, list } = course.map;
  const options = { out: ours, model, list, maxSidePx: MAX_SIDE_PX, keypoints: MAP_KEYPOINTS };
  await buildMapFile(path, options, new AbortController().signal);
  const engine = await createEngine({ manifestPath: model });
  try {
    say(`frames: ${course.name}, the peer's map`);
    const map = await buildOrbMap(await loadOpenCv(), course.map, readMap(ours), engine, MAP_KEYPOINTS);
    say(`frames: ${map.points.count} ORB points, ${map.observations.count} observations`);
    writeMap(orb, map);
  } finally {
    await engine.close();
  }
  return { ours, orb };
}
