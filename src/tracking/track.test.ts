import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../domain/outcome.js';
import { LOST, nextTrack, trackAt } from './track.js';

const frame = {
  stream: 's',
  epoch: 2,
  sequence: 7,
  timestampS: 10,
  captureMs: 0,
  captureClock: 'media',
} as const;
const posed = { kind: 'posed', frame, timings: {}, keyframe: 4, evidence: null } as unknown as Outcome;
const lost = { kind: 'lost', frame, timings: {}, reason: 'few-inliers' } as unknown as Outcome;
const dropped: Outcome = { kind: 'dropped', frame, timings: {}, reason: 'busy' };

test('a fix leaves its keyframe, a loss leaves nothing, a drop changes nothing', () => {
  const track = nextTrack(LOST, posed);
  assert.deepEqual(track, { mode: 'tracking', keyframe: 4, turnDeg: 0, epoch: 2, timestampS: 10 });
  assert.equal(nextTrack(track, dropped), track);
  assert.equal(nextTrack(track, lost), LOST);
});

test('a gap, time that runs backwards and a new epoch lose the track', () => {
  const track = nextTrack(LOST, posed);
  assert.equal(trackAt(track, 2, 10.9), track);
  assert.equal(trackAt(track, 2, 11.1), LOST);
  assert.equal(trackAt(track, 2, 9.9), LOST);
  assert.equal(trackAt(track, 3, 10.1), LOST);
  assert.equal(trackAt(LOST, 2, 10), LOST);
});
