import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lastValueFrom, tap } from 'rxjs';
import { quantile } from '../src/cli/eval/quantile.js';
import { readReference } from '../src/cli/eval/reference.js';
import { openInput } from '../src/cli/input.js';
import { DEFAULT_MODEL, openLocalizer } from '../src/cli/openLocalizer.js';
import type { Engine, Features } from '../src/domain/features.js';
import type { Frame } from '../src/domain/frame.js';
import type { Posed } from '../src/domain/outcome.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { compose, distanceBetween, inverse } from '../src/geometry/rigid.js';
import { createRandom } from '../src/kernels/random.js';
import { sceneUnit } from '../src/map/sceneUnit.js';
import { nearestPose } from '../src/map/trajectory.js';
import { localizeRecording } from '../src/streams/localize.js';
import { limitsFor, type TrackLimits } from '../src/tracking/limits.js';
import { measureMotion } from '../src/tracking/odometry.js';
import { createOdometryWorkspace } from '../src/tracking/odometryWorkspace.js';
import { expectedMotion, NEW_SMOOTHER, newestPose, smoothFrame } from '../src/tracking/smoother.js';
import { type Snapshot, setMapRanges, takeSnapshot } from '../src/tracking/snapshot.js';
import { wrongPose } from './drives.js';
import { allCases, isHere, type SetCase } from './sets/cases.js';
import { cachedMap } from './sets/mapCache.js';

/** Recordings localized frame by frame, then a share of the fixes replaced by poses 1 to 20 m away and turned: what the
 * window makes of them.
 *   npx tsx test/wrongFixes.ts                            the town's other lane and the kitchen at 30 frames a second
 *   npx tsx test/wrongFixes.ts --share 0.3 --seed 1 night */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { share: { type: 'string', default: '0.3' }, seed: { type: 'string', default: '1' } },
});
const TOLERANCE_S = 0.005;

/** One frame of the recording as the pipeline saw it. */
interface Seen {
  readonly frame: Posed['frame'];
  readonly snapshot: Snapshot;
  readonly fix: Posed['pose'] | null;
  readonly evidence: Posed['evidence'];
}

async function localizeFrames(set: SetCase, mapPath: string) {
  const localizer = await openLocalizer({ mapPath, modelPath: DEFAULT_MODEL, options: { evidence: true } });
  const seen: Seen[] = [];
  const looked: { features: Features | null; frame: Frame | null } = { features: null, frame: null };
  const engine: Engine = {
    ...localizer.engine,
    extract: async (image, options) => {
      const features = await localizer.engine.extract(image, options);
      looked.features ??= features;
      return features;
    },
  };
  try {
    const intrinsics = set.args[set.args.indexOf('--intrinsics') + 1];
    const { maxSidePx } = localizer.map.header;
    const given = set.args.includes('--intrinsics') ? { intrinsics, maxSidePx } : { maxSidePx };
    const input = await openInput(set.input, given);
    const outcomes = localizeRecording(remember(input.frames, looked), { ...localizer, engine }, 'frame');
    await lastValueFrom(
      outcomes.pipe(
        tap((outcome) => {
          const posed = outcome.kind === 'posed' ? outcome : null;
          const snapshot = takeSnapshot(looked.frame!.camera, looked.features!);
          seen.push({
            frame: outcome.frame,
            snapshot,
            fix: posed?.pose ?? null,
            evidence: posed?.evidence ?? null,
          });
        }),
      ),
    );
  } finally {
    await localizer.close();
  }
  return { seen, points: localizer.map.points.xyz, limits: limitsFor(sceneUnit(localizer.map)) };
}

async function* remember(
  frames: AsyncIterable<Frame>,
  looked: { features: Features | null; frame: Frame | null },
) {
  for await (const frame of frames) {
    looked.features = null;
    looked.frame = frame;
    yield frame;
  }
}

interface Result {
  readonly truth: WorldFromCam | null;
  readonly fix: WorldFromCam | null;
  readonly smooth: WorldFromCam | null;
  readonly isWrong: boolean;
  readonly isBelieved: boolean;
}

/** The pipeline's smoothing, fed with fixes of which some are wrong. */
function smoothAll(
  seen: readonly Seen[],
  points: Float64Array,
  limits: TrackLimits,
  truthAt: (timeS: number) => WorldFromCam | null,
  share: number,
  seed: number,
): Result[] {
  const random = createRandom(seed);
  const workspace = createOdometryWorkspace();
  let smoother = NEW_SMOOTHER;
  let before: Snapshot | null = null;
  return seen.map(({ frame, snapshot: known, fix: own, evidence }) => {
    const snapshot = { ...known, ranges: new Float64Array(known.count).fill(Number.NaN) };
    const isWrong = random.uniform() < share && own !== null;
    const worldFromCam =
      own === null ? null : isWrong ? wrongPose(own.worldFromCam, random) : own.worldFromCam;
    const expected = expectedMotion(smoother, frame.timestampS);
    const odometry = before === null ? null : measureMotion(before, snapshot, expected, workspace);
    const fix = worldFromCam === null ? null : { worldFromCam, covariance: own!.covariance };
    const step = smoothFrame(smoother, { frame, resetCounter: 0, fix, odometry }, limits);
    smoother = step.smoother;
    const isBelieved = smoother.newest?.fixAgrees === true;
    if (isBelieved && evidence !== null) {
      const xyz = [...evidence.inlierPoints].flatMap((p) => [...points.subarray(3 * p, 3 * p + 3)]);
      setMapRanges(snapshot, newestPose(smoother.solved!), evidence.inlierXyPx, xyz);
    }
    before = snapshot;
    const smooth = step.smooth?.worldFromCam ?? null;
    return { truth: truthAt(frame.timestampS), fix: worldFromCam, smooth, isWrong, isBelieved };
  });
}

/** Largest difference between the published and the true motion from one published pose to the next. */
function largestJumpM(results: readonly Result[]): number {
  const published = results.filter(({ smooth, truth }) => smooth !== null && truth !== null).slice(1);
  const jumps = published.slice(1).map(({ smooth, truth }, i) => {
    const step = compose(inverse(published[i].smooth!), smooth!);
    return distanceBetween(step, compose(inverse(published[i].truth!), truth!));
  });
  return Math.max(0, ...jumps);
}

function describe(name: string, results: readonly Result[], { agreeM }: TrackLimits): string {
  const errors = (of: 'fix' | 'smooth') =>
    results.flatMap((r) => (r.truth === null || r[of] === null ? [] : [distanceBetween(r[of], r.truth)]));
  const at = (of: 'fix' | 'smooth', q: number) => quantile(errors(of), q) ?? Number.NaN;
  const count = (test: (r: Result) => boolean) => results.filter(test).length;
  const cm = (m: number) => `${(100 * m).toFixed(2)} cm`;
  return [
    `${name}: ${results.length} frames, ${count((r) => r.isWrong)} fixes replaced, ${count((r) => r.isWrong && r.isBelieved)} of them believed`,
    `  median error    per frame ${cm(at('fix', 0.5))}, window ${cm(at('smooth', 0.5))}, ratio ${(at('smooth', 0.5) / at('fix', 0.5)).toFixed(2)}`,
    `  95th percentile per frame ${cm(at('fix', 0.95))}, window ${cm(at('smooth', 0.95))}, largest ${cm(at('smooth', 1))}`,
    `  published ${count((r) => r.smooth !== null)} of ${results.length}, largest jump ${cm(largestJumpM(results))} (gate ${cm(agreeM)})`,
  ].join('\n');
}

const patterns = (positionals.length > 0 ? positionals : ['day-other-lane', 'redkitchen7_early video']).map(
  (pattern) => new RegExp(pattern),
);
for (const set of allCases().filter(({ name }) => patterns.some((pattern) => pattern.test(name)))) {
  if (!isHere(set)) {
    process.stderr.write(`${set.name}: not on this machine (POSESTREAM_SHARED)\n`);
    continue;
  }
  const map = await cachedMap(set.map, join(tmpdir(), 'posestream-eval-sets', 'maps'));
  const { seen, points, limits } = await localizeFrames(set, map);
  const { queries } = readReference({ reference: set.reference, list: set.list, toleranceS: TOLERANCE_S });
  const truthAt = (timeS: number) => nearestPose(queries, timeS, TOLERANCE_S)?.worldFromCam ?? null;
  for (const share of new Set([0, Number(values.share)])) {
    const results = smoothAll(seen, points, limits, truthAt, share, Number(values.seed));
    process.stdout.write(`${describe(`${set.name}, ${100 * share} % wrong`, results, limits)}\n`);
  }
}
