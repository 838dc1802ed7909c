import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Camera } from '../domain/camera.js';
import type { PoseEstimate } from '../domain/outcome.js';
import { focalWarning, NO_FOCAL_BELIEF } from '../tracking/focalBelief.js';
import type { Looked } from './attempt.js';
import type { Picture } from './localizer.js';
import { weighFocal } from './weighFocal.js';

const camera: Camera = { model: 'PINHOLE', params: [500, 500, 320, 240], widthPx: 640, heightPx: 480 };
const picture = { camera, frame: {} } as Picture;

/** A good fix whose matches fit this focal length. */
function look(keyframe: number, ratio: number, sigma: number, more: object = {}): Looked {
  const pose: PoseEstimate = {
    worldFromCam: { q: [0, 0, 0, 1], t: [0, 0, 0] },
    source: 'pnp',
    ...{ inliers: 200, matches: 240, inlierRatio: 0.83, coverage: 0.6, reprojectionRmsPx: 1 },
    covariance: Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1e-6 : 0)),
    focalScale: { ratio, sigma, shiftM: 20 * Math.abs(Math.log(ratio)), shiftRad: 0 },
    confidence: 0.3,
  };
  return { kind: 'fix', origin: 'retrieved', pose, keyframe, turnDeg: 0, ...more } as unknown as Looked;
}

/** Confidence of each frame, and what the last one leaves. */
function stream(looks: readonly Looked[]) {
  let focal = NO_FOCAL_BELIEF;
  const confidence = looks.map((best) => {
    const weighed = weighFocal(focal, picture, { best, audit: null }, 1);
    focal = weighed.focal;
    return weighed.best?.kind === 'fix' ? weighed.best.pose.confidence : null;
  });
  return { confidence, warning: focalWarning(focal) };
}

const drive = (frames: number, ratio: number) =>
  Array.from({ length: frames }, (_, i) => look(i >> 1, ratio * (1 + 0.002 * (i % 3)), 0.002));

test('a stream of right frames carries one that its own matches would doubt', () => {
  const alone = stream([look(0, 1.2, 0.05)]).confidence[0]!;
  const { confidence, warning } = stream([...drive(10, 1), look(9, 1.2, 0.05)]);
  assert.equal(warning, null);
  assert.ok(confidence.at(-1)! > 0.9 && confidence.at(-1)! > alone, `${alone} alone, ${confidence.at(-1)}`);
});

test('while the stream warns no pose is a confident one', () => {
  const { confidence, warning } = stream([...drive(10, 1.1), look(9, 1, 0.01)]);
  assert.equal(warning?.code, 'E_INTRINSICS_SUSPECT');
  assert.ok(confidence.slice(4).every((value) => value! < 0.5));
});

test('a fix doubted for another reason stays so; a suspect picture and a miss teach nothing', () => {
  assert.ok(stream([...drive(10, 1), look(9, 1, 0.002, { isDoubted: true })]).confidence.at(-1)! < 0.5);
  const suspect = { camera, frame: { isSuspect: true } } as Picture;
  assert.equal(
    weighFocal(NO_FOCAL_BELIEF, suspect, { best: look(0, 1.2, 0.01), audit: null }, 1).focal,
    NO_FOCAL_BELIEF,
  );
  const miss = { kind: 'miss' } as Looked;
  const search = { best: miss, audit: null };
  assert.deepEqual(weighFocal(NO_FOCAL_BELIEF, picture, search, 1), { best: miss, focal: NO_FOCAL_BELIEF });
});

test('poses after one whose matches fit a focal length far off stay doubted until one found anew says otherwise', () => {
  const guided = { origin: 'guided' };
  const after = (otherFocal: number | null) =>
    stream([...drive(10, 1), look(9, 1, 0.002, { otherFocal }), look(9, 1, 0.002, guided)]).confidence.at(
      -1,
    )!;
  assert.ok(after(2) < 0.5 && after(null) > 0.9);
  let { focal } = weighFocal(
    NO_FOCAL_BELIEF,
    picture,
    { best: look(0, 1, 0.002, { otherFocal: 2 }), audit: null },
    1,
  );
  assert.ok(focal.isDoubted);
  const audit = look(0, 1, 0.002, { otherFocal: null }) as Looked & { kind: 'fix' };
  ({ focal } = weighFocal(focal, picture, { best: look(0, 1, 0.002, guided), audit }, 1));
  assert.equal(focal.isDoubted, false);
});
