import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameId } from '../domain/frame.js';
import { createDoor } from './door.js';

const frame = (sequence: number): FrameId => ({
  ...{ stream: 'car', epoch: 1, sequence, timestampS: sequence / 30, captureMs: 0, captureClock: 'arrival' },
});

test('arrivals are counted apart from outcomes: a frame nobody accounts for shows', () => {
  const door = createDoor();
  assert.deepEqual(door.count(3), {}, 'nobody tells of arrivals');
  for (const n of [1, 2, 3]) door.arrive(frame(n));
  door.settle(frame(2));
  assert.deepEqual(
    door.inFlight().map(({ sequence }) => sequence),
    [1, 3],
  );
  assert.deepEqual(door.count(1), { inFlight: 2 });
  // Closed at the door, but in no book: the hole stays to be seen.
  door.settle(frame(1));
  assert.equal(door.inFlight().length, 1);
  assert.deepEqual(door.count(1), { inFlight: 2 });
});
