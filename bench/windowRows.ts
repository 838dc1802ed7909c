import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { POSE_NUMBERS, updateRightAt } from '../src/geometry/poseChain.js';
import { compose, exp } from '../src/geometry/rigid.js';
import { createRandom } from '../src/kernels/random.js';
import { measureMotion } from '../src/tracking/odometry.js';
import { createOdometryWorkspace } from '../src/tracking/odometryWorkspace.js';
import { setMapRanges } from '../src/tracking/snapshot.js';
import {
  EMPTY_WINDOW,
  type PoseWindow,
  pushNode,
  WINDOW_FRAMES,
  windowFix,
  windowMotion,
} from '../src/tracking/window.js';
import { startFromBestFix } from '../src/tracking/windowAnchor.js';
import {
  createWindowWorkspace,
  linearizeWindow,
  loadWindow,
  measureFixes,
  type WindowWorkspace,
} from '../src/tracking/windowProblem.js';
import { GATE_SQUARED, solveWindow } from '../src/tracking/windowSolve.js';
import { leftSpread, makeDrive, spread, USUAL, wrongPose } from '../test/drives.js';
import { look, makeWorld } from '../test/glances.js';
import { type BenchRow, benchRow } from './benchRow.js';
import type { Bench } from './context.js';
import { median } from './timing.js';

export const windowBench: Bench = {
  name: 'window',
  what: `sequence smoothing: ${WINDOW_FRAMES} poses with three fixes in ten wrong, and the motion between two frames`,
  run: async ({ quick }) => [benchWindow(quick ? 20 : 200), benchMotion(quick ? 20 : 200)],
};

const BAR_MS = 1;
const WRONG_SHARE = 0.3;
/** Farther off than this the newest pose is wrong: ten sigmas of one motion. */
const RIGHT_M = 10 * USUAL.motionM;

/** Largest share of its length a motion may be off by. */
const MOTION_SHARE = 0.05;

function benchMotion(pairs: number): BenchRow {
  const ws = createOdometryWorkspace();
  const origin: WorldFromCam = { q: [0, 0, 0, 1], t: [0, 0, 0] };
  const found = Array.from({ length: pairs }, (_, seed) => {
    const random = createRandom(seed);
    const world = makeWorld(random);
    const truth = exp<'cam', 'cam'>([0.01, 0.02, 0.005, 0.02, 0.01, 0.3].map((v) => v * random.normal()));
    const [before, after] = [look(world, origin, random), look(world, compose(origin, truth), random)];
    setMapRanges(before.snapshot, origin, before.known.xyPx, before.known.xyz);
    const solve = () => measureMotion(before.snapshot, after.snapshot, truth, ws)?.previousFromCurrent.t;
    return {
      lengthM: Math.hypot(...truth.t),
      ...timed(truth.t, () => Float64Array.of(...(solve() ?? []), 0, 0, 0, 1)),
    };
  });
  const isRight = ({ lengthM, errorM }: (typeof found)[number]) => errorM < 0.005 + MOTION_SHARE * lengthM;
  return benchRow({
    name: 'motion between two frames, 500 keypoints',
    unit: 'CPU ms',
    ours: median(found.map(({ cpuMs }) => cpuMs)),
    correct: {
      what: 'within 5 mm + 5 % of its length',
      ours: found.filter(isRight).length,
      peer: null,
      of: pairs,
    },
    note: 'Guided matching and pose from the last frame of known distances; runs on every frame of a sequence.',
  });
}

interface Problem {
  readonly window: PoseWindow;
  readonly truth: readonly number[];
}

function benchWindow(problems: number): BenchRow {
  const ws = createWindowWorkspace();
  const given = Array.from({ length: problems }, (_, seed) => problem(seed));
  const ours = given.map((one) => timed(one.truth, () => solveWindow(one.window, ws)!.poses));
  const peer = given.map((one) => timed(one.truth, () => solveDense(one.window, ws)));
  const right = (solved: readonly Timed[]) => solved.filter(({ errorM }) => errorM < RIGHT_M).length;
  return benchRow({
    name: `window of ${WINDOW_FRAMES} poses`,
    unit: 'CPU ms',
    ours: median(ours.map(({ cpuMs }) => cpuMs)),
    peer: median(peer.map(({ cpuMs }) => cpuMs)),
    peerName: 'the same descent over dense normal equations (ml-matrix Cholesky)',
    correct: { what: `newest pose within ${RIGHT_M} m`, ours: right(ours), peer: right(peer), of: problems },
    bar: { of: 'ours', limit: 'at most', value: BAR_MS },
    note: 'Robust start, graduated non-convexity and covariance included; the peer shares the linearisation.',
  });
}

function problem(seed: number): Problem {
  const random = createRandom(seed);
  const drive = makeDrive(random, WINDOW_FRAMES, USUAL);
  let window = EMPTY_WINDOW;
  drive.fixes.forEach((own, i) => {
    const fix = random.uniform() < WRONG_SHARE ? wrongPose(own, random) : own;
    const motion = windowMotion(drive.motions[i], spread(USUAL.motionRad, USUAL.motionM));
    window = pushNode(window, null, {
      timestampS: i,
      motion: i === 0 ? null : motion,
      fix: windowFix(fix, leftSpread(fix, USUAL.fixRad, USUAL.fixM)),
    });
  });
  return { window, truth: drive.truth[WINDOW_FRAMES - 1].t };
}

interface Timed {
  readonly cpuMs: number;
  readonly errorM: number;
}

const CALLS = 10;

/** Processor time of one call, over several: the clock is too coarse for one. */
function timed(truth: readonly number[], solve: () => Float64Array): Timed {
  const before = process.cpuUsage();
  for (let call = 1; call < CALLS; call++) solve();
  const poses = solve();
  const { user, system } = process.cpuUsage(before);
  const at = poses.length - POSE_NUMBERS;
  const errorM = Math.hypot(...truth.map((t, i) => poses[at + i] - t));
  return { cpuMs: (user + system) / 1000 / CALLS, errorM };
}

function solveDense(window: PoseWindow, ws: WindowWorkspace): Float64Array {
  loadWindow(window, ws);
  startFromBestFix(ws, GATE_SQUARED);
  stepDense(ws);
  for (let scale = 14; scale > 1; scale /= 1.4) weighAndStep(ws, scale);
  for (let i = 0; i < 3; i++) weighAndStep(ws, 1);
  return ws.poses.slice(0, POSE_NUMBERS * ws.count);
}

function weighAndStep(ws: WindowWorkspace, scale: number): void {
  measureFixes(ws);
  for (let fix = 0; fix < ws.fixes; fix++) {
    const sigmas = Math.sqrt(ws.squares[fix] / GATE_SQUARED);
    const between = (scale / sigmas - 1) / (scale * scale - 1);
    ws.weights[fix] = sigmas * scale <= 1 ? 1 : sigmas >= scale ? 0 : between;
  }
  stepDense(ws);
}

function stepDense(ws: WindowWorkspace): void {
  const { system, count, poses } = ws;
  linearizeWindow(ws);
  const normal = Matrix.zeros(6 * count, 6 * count);
  for (let node = 0; node < count; node++)
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) {
        const value = system.diagonal[36 * node + 6 * Math.max(i, j) + Math.min(i, j)];
        normal.set(6 * node + i, 6 * node + j, value);
        if (node === 0) continue;
        const below = system.below[36 * node + 6 * i + j];
        normal.set(6 * node + i, 6 * (node - 1) + j, below);
        normal.set(6 * (node - 1) + j, 6 * node + i, below);
      }
  const right = Matrix.columnVector([...system.vector.subarray(0, 6 * count)]);
  const step = Float64Array.from(new CholeskyDecomposition(normal).solve(right).to1DArray());
  for (let node = 0; node < count; node++) updateRightAt(poses, POSE_NUMBERS * node, step, 6 * node);
}
