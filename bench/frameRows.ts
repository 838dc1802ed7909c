import type { TimedPose } from '../src/map/tum.js';
import { type BenchRow, benchRow } from './benchRow.js';
import type { Ceiling } from './ceiling.js';
import { median } from './timing.js';
import { STAGES, type VideoJob, type VideoResult } from './videoJob.js';

export interface CourseRuns {
  /** One result per round. */
  readonly runs: Readonly<Record<VideoJob['pipeline'], readonly VideoResult[]>>;
  /** Before and after every round. */
  readonly ceilings: readonly Ceiling[];
  readonly queries: readonly TimedPose[];
  /** The peer's share of them: it is slow. */
  readonly peerQueries: readonly TimedPose[];
  /** Queries within (0.25 m, 2°). */
  readonly recall: (of: VideoResult, queries: readonly TimedPose[]) => number;
  /** Published beyond (5 m, 10°). */
  readonly wrong: (of: VideoResult, queries: readonly TimedPose[]) => number;
}

const BAR_FPS = 25;
/** The bar holds for machines that reach this. */
const BAR_CEILING = 150;

type Ours = 'frame' | 'sequence';
type Peer = 'orb-near' | 'orb-all';

const PEERS: Readonly<Record<Peer, string>> = {
  'orb-near': 'ORB + BFMatcher + solvePnPRansac (opencv-js), given the 10 truly nearest keyframes',
  'orb-all': 'ORB + BFMatcher + solvePnPRansac (opencv-js) against every keyframe',
};

export function courseRows(course: string, runs: CourseRuns): BenchRow[] {
  return [
    speedRow(course, runs, 'sequence', 'orb-near'),
    speedRow(course, runs, 'frame', 'orb-near'),
    speedRow(course, runs, 'frame', 'orb-all'),
    memoryRow(course, runs),
  ];
}

function speedRow(course: string, all: CourseRuns, mode: Ours, peer: Peer): BenchRow {
  const [ours, theirs] = [all.runs[mode], all.runs[peer]];
  const ceiling = median(all.ceilings.map(({ gflopsPerCore }) => gflopsPerCore));
  const isBar = mode === 'sequence';
  return benchRow({
    name: `${course}, ${mode} mode${peer === 'orb-all' ? ', peer on the whole map' : ''}`,
    unit: 'frames/s',
    ours: fps(ours),
    peer: fps(theirs),
    peerName: PEERS[peer],
    correct: correctOf(all, mode, peer),
    bar: isBar
      ? { of: 'ours', limit: 'at least', value: BAR_FPS, applies: ceiling >= BAR_CEILING }
      : undefined,
    note: [
      `${ours[0].frames} frames from opening the video to the last pose, decoding included for us and not for the peer;`,
      `${cpuMs(ours).toFixed(0)} CPU ms a frame (peer ${cpuMs(theirs).toFixed(0)} with decoding), ffmpeg not counted;`,
      `${shares(ours[0])};`,
      `posed ${ours[0].poses.length} (${ours[0].tracked} from the frame before), beyond (5 m, 10°) ${all.wrong(ours[0], all.queries)}.`,
      `MatMul ceiling ${ceiling.toFixed(0)} GFLOP/s per core with all cores busy` +
        (isBar ? `, the bar is for ${BAR_CEILING} and more.` : '.'),
    ].join(' '),
  });
}

function memoryRow(course: string, all: CourseRuns): BenchRow {
  const maxMb = (of: readonly VideoResult[]) => Math.max(...of.map(({ maxRssMb }) => maxRssMb));
  return benchRow({
    name: `${course}, peak memory`,
    unit: 'MB RSS',
    ours: maxMb(all.runs.sequence),
    peer: maxMb(all.runs['orb-near']),
    peerName: PEERS['orb-near'],
    correct: correctOf(all, 'sequence', 'orb-near'),
    note: 'Whole process from the sources, TypeScript loader included, ffmpeg not.',
  });
}

function correctOf(all: CourseRuns, mode: Ours, peer: Peer) {
  return {
    what: 'queries within (0.25 m, 2°)',
    ours: all.recall(all.runs[mode][0], all.queries),
    peer: all.recall(all.runs[peer][0], all.peerQueries),
    of: all.queries.length,
    peerOf: all.peerQueries.length,
  };
}

/** Where the time between two frames goes; the rest is waiting for a picture and passing it on. */
function shares({ stages, wallS }: VideoResult): string {
  const share = (ms = 0) => `${((100 * ms) / (1000 * wallS)).toFixed(0)} %`;
  return STAGES.map((stage) => `${stage.replace('Ms', '')} ${share(stages[stage])}`).join(', ');
}

const fps = (runs: readonly VideoResult[]) => median(runs.map(({ frames, wallS }) => frames / wallS));
const cpuMs = (runs: readonly VideoResult[]) =>
  median(runs.map(({ frames, cpuS }) => (1000 * cpuS) / frames));
