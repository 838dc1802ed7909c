import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameId } from '../domain/frame.js';
import { METRIC_LIMITS } from './limits.js';
import { type HeldTrack, isAuditDue, LOST, trackAt } from './track.js';

const frame = (epoch: number, timestampS: number): FrameId => ({
  ...{ stream: 's', epoch, sequence: 7, timestampS },
  captureMs: 0,
  captureClock: 'media',
});
const track: HeldTrack = {
  state: 'tracking',
  resetCounter: 3,
  belief: {
    ...{ epoch: 2, timestampS: 10, keyframe: 4, turnDeg: 0, confidence: 0.9, twist: null },
    worldFromCam: { q: [0, 0, 0, 1], t: [0, 0, 0] },
    covariance: new Float64Array(36),
  },
  seenS: 10,
  misses: 0,
  rival: null,
  audit: { atS: 10, frames: 0, disputes: 0 },
};

test('a gap, time that runs backwards and a new epoch lose the track, not its counter nor where it was', () => {
  assert.equal(trackAt(track, frame(2, 10.9), METRIC_LIMITS), track);
  for (const [epoch, timestampS] of [
    [2, 11.1],
    [2, 9.9],
    [3, 10.1],
  ])
    assert.deepEqual(trackAt(track, frame(epoch, timestampS), METRIC_LIMITS), {
      state: 'lost',
      resetCounter: 3,
      last: track.belief,
      tries: 0,
    });
  assert.equal(trackAt(LOST, frame(2, 10), METRIC_LIMITS), LOST);
});

test('an audit is due after five seconds, a hundred frames, or a dispute', () => {
  assert.equal(isAuditDue(track, 14.9, METRIC_LIMITS), false);
  assert.equal(isAuditDue(track, 15, METRIC_LIMITS), true);
  assert.equal(
    isAuditDue({ ...track, audit: { atS: 10, frames: 100, disputes: 0 } }, 11, METRIC_LIMITS),
    true,
  );
  assert.equal(
    isAuditDue({ ...track, audit: { atS: 10, frames: 1, disputes: 1 } }, 10.1, METRIC_LIMITS),
    true,
  );
});
