/** Runs one VideoJob, named by its file, and prints its VideoResult. To see where the time goes:
 *   npm run bench -- --only frames --keep runs
 *   node --cpu-prof --import tsx bench/videoChild.ts runs/job-sequence.json */
import { readFileSync } from 'node:fs';
import { from, lastValueFrom, tap } from 'rxjs';
import { openInput } from '../src/cli/input.js';
import { openLocalizer } from '../src/cli/openLocalizer.js';
import type { Frame } from '../src/domain/frame.js';
import type { StageTimings } from '../src/domain/outcome.js';
import { readMap } from '../src/map/mapFile.js';
import type { TimedPose } from '../src/map/tum.js';
import { localizeRecording } from '../src/streams/localize.js';
import { SAME_FRAME_S } from './courses.js';
import { nearestKeyframes } from './nearestKeyframes.js';
import { loadOpenCv } from './opencv.js';
import { createCvLocalizer } from './opencvLocalizer.js';
import { orbFeatures } from './orbFeatures.js';
import { STAGES, type VideoJob, type VideoResult } from './videoJob.js';

const job = JSON.parse(readFileSync(process.argv[2], 'utf8')) as VideoJob;
const isPeer = job.pipeline === 'orb-near' || job.pipeline === 'orb-all';
process.stdout.write(JSON.stringify(await (isPeer ? runPeer() : runOurs())));

async function runOurs(): Promise<VideoResult> {
  const localizer = await openLocalizer({
    mapPath: job.map,
    modelPath: job.model,
    options: { maxKeypoints: job.keypoints },
  });
  const poses: TimedPose[] = [];
  const stages: { -readonly [K in keyof StageTimings]: number } = {};
  let [frames, tracked] = [0, 0];
  const clock = startClock();
  const outcomes = localizeRecording(
    chosenFrames(localizer.map.header.maxSidePx, clock.start),
    localizer,
    job.pipeline === 'frame' ? 'frame' : 'sequence',
  ).pipe(
    tap((outcome) => {
      frames++;
      for (const stage of STAGES) stages[stage] = (stages[stage] ?? 0) + (outcome.timings[stage] ?? 0);
      if (outcome.kind !== 'posed') return;
      if (outcome.pose.source === 'tracked') tracked++;
      poses.push({ timeS: outcome.frame.timestampS, worldFromCam: outcome.pose.worldFromCam });
    }),
  );
  await lastValueFrom(from(outcomes), { defaultValue: null });
  const spent = clock.stop();
  await localizer.close();
  return { poses, frames, tracked, stages, ...spent };
}

/** The peer: ORB, BFMatcher, solvePnPRansac on the frames that count. */
async function runPeer(): Promise<VideoResult> {
  const cv = await loadOpenCv();
  const map = readMap(job.map);
  const orb = new cv.ORB(job.keypoints);
  const localizer = createCvLocalizer(cv, map, 'binary');
  const everywhere = Array.from({ length: map.keyframes.count }, (_, k) => k);
  const poses: TimedPose[] = [];
  let frames = 0;
  let wallS = 0;
  const clock = startClock();
  for await (const frame of chosenFrames(map.header.maxSidePx, clock.start)) {
    const query = job.queries.find(({ timeS }) => Math.abs(timeS - frame.timestampS) < SAME_FRAME_S);
    if (query !== undefined) {
      const startMs = performance.now();
      const features = orbFeatures(cv, orb, frame);
      const keyframes =
        job.pipeline === 'orb-all' ? everywhere : nearestKeyframes(map.keyframes, query.worldFromCam);
      const worldFromCam = localizer.localize({ camera: frame.camera, features }, keyframes);
      wallS += (performance.now() - startMs) / 1000;
      frames++;
      if (worldFromCam !== null) poses.push({ timeS: frame.timestampS, worldFromCam });
    }
    frame.release();
  }
  localizer.close();
  orb.delete();
  return { poses, frames, tracked: 0, stages: {}, ...clock.stop(), wallS };
}

/** The frames the job names; `onFirst` is called when the first of them is asked for. */
async function* chosenFrames(maxSidePx: number, onFirst: () => void): AsyncGenerator<Frame, void> {
  const input = await openInput(job.video, { intrinsics: job.intrinsics, maxSidePx });
  if (job.fromS <= 0) onFirst();
  let taken = 0;
  for await (const frame of input.frames) {
    if (frame.timestampS < job.fromS - SAME_FRAME_S) {
      frame.release();
      continue;
    }
    if (taken === 0 && job.fromS > 0) onFirst();
    yield frame;
    if (++taken >= job.frames) return;
  }
}

/** The kernel's high-water mark of this program: getrusage would also count the parent's memory at the fork. */
function peakMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1000;
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found?.[1]) / 1000;
}

function startClock() {
  const since = { ms: 0, cpu: process.cpuUsage() };
  return {
    start: () => {
      since.ms = performance.now();
      since.cpu = process.cpuUsage();
    },
    stop: () => {
      const { user, system } = process.cpuUsage(since.cpu);
      return {
        wallS: (performance.now() - since.ms) / 1000,
        cpuS: (user + system) / 1e6,
        startS: since.ms / 1000,
        maxRssMb: peakMb(),
      };
    },
  };
}
