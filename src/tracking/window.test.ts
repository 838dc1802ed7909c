import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Drive,
  type DriveNoise,
  leftSpread,
  makeDrive,
  QUIET,
  spread,
  USUAL,
  wrongPose,
} from '../../test/drives.js';
import { createRandom, type Random, randomPose } from '../../test/synthetic.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { angleBetween, compose, distanceBetween, inverse, log } from '../geometry/rigid.js';
import { invertSymmetric } from '../geometry/symmetric.js';
import {
  EMPTY_WINDOW,
  type PoseWindow,
  pushNode,
  type WindowNode,
  windowFix,
  windowMotion,
} from './window.js';
import { createWindowWorkspace } from './windowProblem.js';
import { solveWindow, type WindowSolution } from './windowSolve.js';

const ws = createWindowWorkspace();
const ASSUMED: DriveNoise = USUAL;

const newest = ({ poses }: WindowSolution): WorldFromCam => {
  const [tx, ty, tz, x, y, z, w] = poses.subarray(poses.length - 7);
  return { t: [tx, ty, tz], q: [x, y, z, w] };
};

function nodeOf(drive: Drive, frame: number, fix: WorldFromCam | null): WindowNode {
  const { fixRad, fixM, motionRad, motionM } = ASSUMED;
  return {
    timestampS: frame,
    motion: frame === 0 ? null : windowMotion(drive.motions[frame], spread(motionRad, motionM)),
    fix: fix === null ? null : windowFix(fix, leftSpread(fix, fixRad, fixM)),
  };
}

/** The newest pose after every frame. */
function follow(drive: Drive, fixes: readonly (WorldFromCam | null)[]) {
  let window: PoseWindow = EMPTY_WINDOW;
  let solved: WindowSolution | null = null;
  return fixes.map((fix, frame) => {
    window = pushNode(window, solved, nodeOf(drive, frame, fix));
    solved = solveWindow(window, ws);
    return { window, solved };
  });
}

const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

const replaceSome = (drive: Drive, random: Random, share: number) =>
  drive.fixes.map((fix) => (random.uniform() < share ? wrongPose(fix, random) : fix));

test('without noise the window gives the poses back', () => {
  for (let seed = 0; seed < 10; seed++) {
    const drive = makeDrive(createRandom(seed), 60, QUIET);
    follow(drive, drive.fixes).forEach(({ solved }, i) => {
      assert.ok(distanceBetween(newest(solved!), drive.truth[i]) < 1e-9);
      assert.ok(angleBetween(newest(solved!), drive.truth[i]) < 1e-9);
    });
  }
});

test('with noise it errs less than the fixes alone', () => {
  const drive = makeDrive(createRandom(3), 200, USUAL);
  const errors = follow(drive, drive.fixes).map(({ solved }, i) =>
    distanceBetween(newest(solved!), drive.truth[i]),
  );
  const alone = drive.fixes.map((fix, i) => distanceBetween(fix, drive.truth[i]));
  assert.ok(middle(errors) < 0.75 * middle(alone), `${middle(errors)} against ${middle(alone)}`);
});

test('three fixes in ten from elsewhere: none is believed, and the median is half that of frames alone', () => {
  for (let seed = 0; seed < 8; seed++) {
    const random = createRandom(seed);
    const drive = makeDrive(random, 150, USUAL);
    const fixes = replaceSome(drive, random, 0.3);
    const found = follow(drive, fixes).map(({ solved }) => solved!);
    const errorOf = (pose: WorldFromCam, i: number) => distanceBetween(pose, drive.truth[i]);
    const errors = found.map((solved, i) => (solved.agreeing < 3 ? 0 : errorOf(newest(solved), i)));
    const alone = fixes.map(errorOf);
    assert.ok(found.slice(10).every(({ agreeing }) => agreeing >= 3));
    assert.ok(Math.max(...errors) < 0.5, `seed ${seed}: ${Math.max(...errors)} m off`);
    assert.ok(middle(errors) < 0.5 * middle(alone), `${middle(errors)} against ${middle(alone)}`);
  }
});

test('the world may be moved and turned: the poses go with it', () => {
  const random = createRandom(9);
  const drive = makeDrive(random, 50, USUAL);
  const fixes = replaceSome(drive, random, 0.2);
  const movedFromWorld = randomPose<'world', 'world'>(random);
  const moved = { ...drive, fixes: fixes.map((fix) => compose(movedFromWorld, fix)) };
  const [here, there] = [follow(drive, fixes), follow(moved, moved.fixes)];
  here.forEach(({ solved }, i) => {
    const expected = compose(movedFromWorld, newest(solved!));
    assert.ok(distanceBetween(newest(there[i].solved!), expected) < 1e-6);
    assert.ok(angleBetween(newest(there[i].solved!), expected) < 1e-7);
    assert.deepEqual(there[i].solved!.fixAgrees, solved!.fixAgrees);
    solved!.covariance.forEach((v, k) => {
      assert.ok(Math.abs(v - there[i].solved!.covariance[k]) < 1e-8);
    });
  });
});

test('the covariance is honest: normalised squared errors average six', () => {
  let sum = 0;
  let count = 0;
  for (let seed = 0; seed < 10; seed++) {
    const drive = makeDrive(createRandom(100 + seed), 40, USUAL);
    follow(drive, drive.fixes).forEach(({ solved }, frame) => {
      const error = log(compose(inverse(newest(solved!)), drive.truth[frame]));
      const information = invertSymmetric(solved!.covariance, 6)!;
      information.forEach((v, k) => {
        sum += v * error[Math.floor(k / 6)] * error[k % 6];
      });
      count++;
    });
  }
  assert.ok(Math.abs(sum / count - 6) < 1, `${sum / count}`);
});

test('a frame without a fix goes by its motion, and grows less sure', () => {
  const drive = makeDrive(createRandom(12), 60, USUAL);
  const steps = follow(
    drive,
    drive.fixes.map((fix, i) => (i < 20 ? fix : null)),
  );
  const sigma = (i: number) => Math.sqrt(steps[i].solved!.covariance[21]);
  for (let i = 21; i < 60; i++) assert.ok(sigma(i) > sigma(i - 1), `frame ${i}`);
  const error = distanceBetween(newest(steps[59].solved!), drive.truth[59]);
  assert.ok(error < 5 * sigma(59) * Math.sqrt(3), `${error} m off at sigma ${sigma(59)}`);
});

test('without any fix there is no pose', () => {
  const drive = makeDrive(createRandom(15), 3, USUAL);
  assert.ok(follow(drive, [null, null, null]).every(({ solved }) => solved === null));
});
