import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePose, type PoseEvidence } from './poseGate.js';

const limits = { minInliers: 15, minCells: 9, minInlierRatio: 0.2, certainInliers: 50 };
const good: PoseEvidence = { keypoints: 500, matches: 75, inliers: 15, cells: 9, condition: 1e4 };

test('a pose at every limit is a fix', () => {
  assert.equal(judgePose(good, limits), null);
});

test('each lack has its own reason, told in words', () => {
  const reasonFor = (lack: Partial<PoseEvidence>) => judgePose({ ...good, ...lack }, limits)?.reason;
  assert.equal(reasonFor({ keypoints: 14 }), 'no-features');
  assert.equal(reasonFor({ matches: 14 }), 'few-matches');
  assert.equal(reasonFor({ inliers: 14 }), 'few-inliers');
  assert.equal(reasonFor({ cells: 8 }), 'low-coverage');
  assert.equal(reasonFor({ condition: Number.POSITIVE_INFINITY }), 'ill-conditioned');
  assert.equal(reasonFor({ condition: Number.NaN }), 'ill-conditioned');
  assert.equal(
    judgePose({ ...good, matches: 300, inliers: 60, cells: 3 }, limits)?.detail,
    '60 of 300 matches agree, they cover 5 % of the image',
  );
});
test('few of many matches are a look-alike; very many are not', () => {
  assert.match(judgePose({ ...good, matches: 76 }, limits)?.detail ?? '', /^only 15 of 76 .*looks alike/);
  assert.equal(judgePose({ ...good, matches: 1000, inliers: 50 }, limits), null);
});
