import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { poseConfidence } from './confidence.js';

test('confidence stays within 0..1 and grows with each kind of evidence', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), share, share, share, (inliers, coverage, ratio, more) => {
      const base = poseConfidence(inliers, coverage, ratio);
      assert.ok(base >= 0 && base <= 1);
      assert.ok(poseConfidence(inliers + 1, coverage, ratio) >= base);
      assert.ok(poseConfidence(inliers, coverage + more, ratio) >= base);
      assert.ok(poseConfidence(inliers, coverage, ratio + more) >= base);
    }),
    { seed: 5 },
  );
});

test('where wrong poses were last seen it is undecided', () => {
  assert.equal(poseConfidence(15, 9 / 64, 0.25), 0.5);
});
