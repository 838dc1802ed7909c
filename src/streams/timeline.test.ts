import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { restartTimeline, stamp, startTimeline } from './timeline.js';

function walk(timestamps: readonly number[]) {
  let timeline = startTimeline();
  return timestamps.map((timestampS) => {
    const next = stamp(timeline, timestampS);
    timeline = next.timeline;
    return { epoch: timeline.epoch, sequence: timeline.sequence, isRepeat: next.isRepeat };
  });
}

test('repeats, jumps and time that runs backward', () => {
  const seen = walk([0, 0.1, 0.1, 0.2, 9, 9.1, 3]);
  assert.deepEqual(
    seen.map((s) => s.epoch),
    [0, 0, 0, 0, 1, 1, 2],
  );
  assert.deepEqual(
    seen.map((s) => s.sequence),
    [0, 1, 2, 3, 0, 1, 0],
  );
  assert.deepEqual(
    seen.flatMap((s, i) => (s.isRepeat ? [i] : [])),
    [2],
  );
});

test('a wrapped 33-bit clock starts a new epoch', () => {
  const wrapS = 2 ** 33 / 90_000;
  assert.deepEqual(
    walk([wrapS - 0.08, wrapS - 0.04, 0, 0.04]).map((s) => s.epoch),
    [0, 0, 1, 1],
  );
});

test('a slow camera is no broken one', () => {
  assert.ok(walk([0, 1, 2, 5, 8, 11, 14, 18]).every(({ epoch }) => epoch === 0));
});

test('any timestamps: epochs never fall, sequences count without a gap within one', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 60 }), (times) => {
      let last = { epoch: 0, sequence: -1 };
      for (const now of walk(times)) {
        assert.ok(now.epoch === last.epoch ? now.sequence === last.sequence + 1 : now.sequence === 0);
        assert.ok(now.epoch === last.epoch || now.epoch === last.epoch + 1);
        last = now;
      }
    }),
    { seed: 3 },
  );
});

test('a connection without a frame uses up no epoch', () => {
  assert.equal(restartTimeline(startTimeline(4)).epoch, 4);
  assert.equal(restartTimeline(stamp(startTimeline(4), 1).timeline).epoch, 5);
});
