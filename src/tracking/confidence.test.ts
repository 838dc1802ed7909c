import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ConfidenceEvidence,
  coastedConfidence,
  confidenceFeatures,
  poseConfidence,
} from './confidence.js';
import { CONFIDENCE_WEIGHTS } from './confidenceWeights.js';

const pose: ConfidenceEvidence = {
  worldFromCam: { q: [0, 0, 0, 1], t: [10, 20, 1] },
  source: 'pnp',
  inliers: 60,
  matches: 120,
  inlierRatio: 0.5,
  coverage: 0.4,
  reprojectionRmsPx: 2,
  covariance: Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1e-4 : 0)),
  focalScale: { ratio: 1.002, sigma: 0.002, shiftM: 0.02, shiftRad: 1e-4 },
};

test('confidence stays within 0..1, grows with agreement and falls with every doubt', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const positive = fc.double({ min: 0, max: 20, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), share, positive, share, (inliers, ratio, metres, more) => {
      const focal = { ratio: 1, sigma: 0.01, shiftM: metres, shiftRad: 0 };
      const confidence = (change: Partial<ConfidenceEvidence>) =>
        poseConfidence({ ...pose, inliers, inlierRatio: ratio, focalScale: focal, ...change });
      const base = confidence({});
      assert.ok(base >= 0 && base <= 1);
      assert.ok(confidence({ inlierRatio: ratio + more }) >= base);
      assert.ok(confidence({ inliers: inliers + 1 }) >= base);
      assert.ok(confidence({ focalScale: { ...focal, shiftM: metres + more } }) <= base);
      assert.ok(confidence({ focalScale: { ...focal, ratio: 1 + 0.1 * more } }) <= base);
      assert.ok(confidence({ covariance: pose.covariance!.map((value) => value * (1 + more)) }) <= base);
    }),
    { seed: 5 },
  );
});

test('there is one weight for each number, and the numbers stay finite at the limits', () => {
  const bare = { ...pose, inliers: 0, inlierRatio: 0, coverage: 0, covariance: null, focalScale: null };
  const exact = {
    ...pose,
    covariance: new Float64Array(36),
    focalScale: { ratio: 1, sigma: 0, shiftM: 0, shiftRad: 0 },
  };
  for (const evidence of [pose, bare, exact]) {
    const features = confidenceFeatures(evidence);
    assert.equal(features.length, CONFIDENCE_WEIGHTS.weights.length);
    assert.ok(features.every(Number.isFinite));
  }
});

test('a prediction is as good as the last fix at first and falls as its uncertainty grows', () => {
  assert.equal(coastedConfidence(0.9, 0, 0), 0.9);
  // One standard deviation holds 68.27 % of a normal distribution, two 95.45 %.
  assert.ok(Math.abs(coastedConfidence(1, 0.5, 0) - 0.6827) < 1e-4);
  assert.ok(Math.abs(coastedConfidence(1, 0, (2.5 * Math.PI) / 180) - 0.9545) < 1e-4);
  const sigma = fc.double({ min: 0, max: 100, noNaN: true });
  fc.assert(
    fc.property(sigma, sigma, sigma, (m, rad, more) => {
      const confidence = coastedConfidence(0.8, m, rad);
      assert.ok(confidence >= 0 && confidence <= 0.8);
      assert.ok(coastedConfidence(0.8, m + more, rad) <= confidence + 1e-4);
      assert.ok(coastedConfidence(0.8, m, rad + more) <= confidence + 1e-4);
    }),
    { seed: 6 },
  );
});

test('the unit of the map does not matter, as long as it is named', () => {
  for (const unitM of [0.01, 1, 30]) {
    const [x, y, z] = pose.worldFromCam.t;
    const scaled: ConfidenceEvidence = {
      ...pose,
      worldFromCam: { ...pose.worldFromCam, t: [unitM * x, unitM * y, unitM * z] },
      covariance: pose.covariance!.map((v, i) => v * unitM ** ((i % 6 > 2 ? 1 : 0) + (i >= 18 ? 1 : 0))),
      focalScale: { ...pose.focalScale!, ratio: 1.02, shiftM: 0.2 * unitM },
    };
    const metric = { ...pose, focalScale: { ...pose.focalScale!, ratio: 1.02, shiftM: 0.2 } };
    assert.ok(Math.abs(poseConfidence(scaled, unitM) - poseConfidence(metric)) < 1e-9);
    if (unitM !== 1) assert.ok(Math.abs(poseConfidence(scaled) - poseConfidence(metric)) > 0.01);
  }
});
