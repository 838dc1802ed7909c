import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StageTimings } from '../src/domain/outcome.js';
import type { TimedPose } from '../src/map/tum.js';

/** One pass over a video in a process of its own, so that its memory and processor time are its own too. */
export interface VideoJob {
  readonly pipeline: 'frame' | 'sequence' | 'orb-near' | 'orb-all';
  readonly map: string;
  readonly model: string;
  readonly video: string;
  readonly intrinsics: string;
  readonly keypoints: number;
  /** Frames before this time are decoded and left. */
  readonly fromS: number;
  /** Frames to take from there. */
  readonly frames: number;
  /** The peer works on these alone, and is told where they are to choose keyframes by. */
  readonly queries: readonly TimedPose[];
}

export interface VideoResult {
  readonly poses: readonly TimedPose[];
  /** Frames worked on. */
  readonly frames: number;
  /** From the first frame asked for to the last outcome; of the peer without decoding. */
  readonly wallS: number;
  /** Of this process: network, matching and pose, not ffmpeg. */
  readonly cpuS: number;
  /** Milliseconds by stage, summed over the frames; of the peer none. */
  readonly stages: StageTimings;
  /** Frames posed from the frame before, without retrieval. */
  readonly tracked: number;
  /** From the start of the process to the first frame asked for. */
  readonly startS: number;
  readonly maxRssMb: number;
}

export const STAGES = ['extractMs', 'retrieveMs', 'clusterMs', 'matchMs', 'solveMs'] as const;

const CHILD = fileURLToPath(new URL('./videoChild.ts', import.meta.url));

/** The job's file stays in `scratch`, so that it can be run again under a profiler. */
export async function runVideoJob(scratch: string, job: VideoJob): Promise<VideoResult> {
  const path = join(scratch, `job-${job.pipeline}.json`);
  writeFileSync(path, JSON.stringify(job));
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${job.pipeline} on ${job.video} ended with ${code}`);
  return JSON.parse(output) as VideoResult;
}
