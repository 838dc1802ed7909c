import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Camera } from '../domain/camera.js';
import type { FocalScale } from '../domain/outcome.js';
import { createRandom } from '../kernels/random.js';
import { type FocalBelief, focalWarning, learnFocal, NO_FOCAL_BELIEF, settledFocal } from './focalBelief.js';

const CAMERA: Camera = { model: 'PINHOLE', params: [500, 500, 320, 240], widthPx: 640, heightPx: 480 };

const scale = (ratio: number, sigma: number): FocalScale => ({
  ...{ ratio, sigma },
  shiftM: 10 * Math.abs(Math.log(ratio)),
  shiftRad: 0,
});

/** A pose that was found near its prediction. */
const near = (keyframe: number, read: FocalScale | null) => ({
  ...{ keyframe, scale: read, otherFocal: undefined },
});

/** Frames of which each reads `ratio` with noise, four before each keyframe. */
function drive(frames: number, ratio: number, sigma: number, seed: number, before = NO_FOCAL_BELIEF) {
  const random = createRandom(seed);
  let belief: FocalBelief = before;
  for (let i = 0; i < frames; i++)
    belief = learnFocal(
      belief,
      CAMERA,
      near(i >> 2, scale(ratio * Math.exp(sigma * random.normal()), sigma)),
    );
  return belief;
}

test('a focal length off by 5 % and more is doubted after three frames, told after five, and by how much', () => {
  for (const factor of [0.8, 0.95, 1.05, 1.2])
    for (let seed = 0; seed < 50; seed++) {
      assert.equal(focalWarning(drive(4, factor, 0.002, seed)), null);
      assert.equal(drive(2, factor, 0.002, seed).isDoubted, false);
      assert.ok(drive(3, factor, 0.002, seed).isDoubted);
      const warning = focalWarning(drive(5, factor, 0.002, seed));
      assert.equal(warning?.code, 'E_INTRINSICS_SUSPECT');
      const told = Number(/ ([\d.]+) times/.exec(warning.message)?.[1]);
      assert.ok(Math.abs(told - factor) < 0.016, warning.message);
    }
});

test('a right one is never suspect, however long the drive and however little a frame tells', () => {
  for (const sigma of [0.001, 0.01, 0.1])
    for (let seed = 0; seed < 20; seed++) {
      let belief = NO_FOCAL_BELIEF;
      for (let k = 0; k < 10; k++) {
        belief = drive(40, 1, sigma, 10 * seed + k, belief);
        assert.equal(belief.isSuspect, false);
      }
    }
});

test('a camera that stands still says the same wrong thing again and again, and that is one thing', () => {
  let belief = NO_FOCAL_BELIEF;
  for (let i = 0; i < 500; i++) belief = learnFocal(belief, CAMERA, near(3, scale(1.26, 0.05)));
  assert.equal(belief.isSuspect, false);
});

test('other intrinsics begin anew, and a mended focal length clears the warning', () => {
  const suspect = drive(20, 1.1, 0.003, 1);
  assert.ok(suspect.isSuspect);
  const mended = { ...CAMERA, params: [550, 550, 320, 240] };
  assert.equal(focalWarning(learnFocal(suspect, mended, near(1, scale(1, 0.003)))), null);
  assert.equal(focalWarning(drive(80, 1, 0.003, 2, suspect)), null);
  assert.ok(
    learnFocal(suspect, { ...CAMERA }, near(1, null)).isSuspect,
    'a frame that says nothing changes nothing',
  );
});

test('what the stream knows stands in for what one frame says', () => {
  const own = scale(1.2, 0.05);
  assert.equal(settledFocal(drive(3, 1, 0.01, 1), own), own);
  const settled = settledFocal(drive(40, 1, 0.01, 1), own);
  assert.ok(settled && Math.abs(settled.ratio - 1) < 0.02 && settled.shiftM < 0.2 * own.shiftM);
  assert.equal(settledFocal(drive(40, 1, 0.01, 1), null), null);
});

/** Poses found without a prediction, near ones between them; each of the former agrees better with a factor, or with none. */
const far = (factors: readonly (number | null)[]) =>
  factors.reduce<FocalBelief>((before, otherFocal, i) => {
    const found = learnFocal(before, CAMERA, { keyframe: i, scale: null, otherFocal });
    return learnFocal(found, CAMERA, near(i, scale(1, 0.001)));
  }, NO_FOCAL_BELIEF);

test('a focal length far off that more matches agree with is doubted at once, told when a second frame says the same', () => {
  assert.deepEqual([far([2]).isDoubted, focalWarning(far([2]))], [true, null]);
  assert.match(focalWarning(far([2, 2]))?.message ?? '', /focal length of 2.00 times/);
  assert.equal(focalWarning(far([2, 0.5])), null);
  assert.match(focalWarning(far([2, 1.41]))?.message ?? '', /focal length of 1.41 times/);
  assert.equal(far([2, 2, null]).isDoubted, false);
  assert.equal(focalWarning(far([2, 2, null])), null);
});
