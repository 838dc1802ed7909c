import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FrameId } from '../domain/frame.js';
import { advance } from './advance.js';
import { METRIC_LIMITS } from './limits.js';
import { planFrame } from './plan.js';
import type { Fix, FixOrigin, Miss, Sighting, Verdict } from './sighting.js';
import { LOST, type Track } from './track.js';

const at = (timestampS: number, epoch = 0): FrameId => ({
  ...{ stream: 's', epoch, sequence: Math.round(10 * timestampS), timestampS },
  captureMs: 0,
  captureClock: 'media',
});

/** A fix `x` metres along the street. */
function fixAt(x: number, origin: FixOrigin = 'retrieved', inliers = 80): Fix {
  const covariance = new Float64Array(36);
  for (let i = 0; i < 6; i++) covariance[7 * i] = i < 3 ? 1e-6 : 1e-4;
  const pose = {
    ...{ worldFromCam: { q: [0, 0, 0, 1] as const, t: [x, 0, 0] as const }, source: 'pnp' as const },
    ...{ inliers, matches: 120, inlierRatio: inliers / 120, coverage: 0.5, reprojectionRmsPx: 1 },
    ...{ covariance, confidence: 0.9 },
  };
  return { origin, pose, keyframe: 3, turnDeg: 0 };
}

const seen = (timestampS: number, fix: Fix | null, audit: Sighting['audit'] = null): Sighting => ({
  frame: at(timestampS),
  fix,
  audit,
  miss: fix === null ? NO_MATCH : null,
});
const NO_MATCH: Miss = { reason: 'few-inliers', detail: '9 of 300 matches agree, 15 are needed' };

/** Frame after frame; the state and what was published of each. */
function play(sightings: readonly Sighting[], start: Track = LOST) {
  const steps: { readonly track: Track; readonly verdict: Verdict }[] = [];
  let track = start;
  for (const sighting of sightings) {
    const step = advance(track, sighting, METRIC_LIMITS);
    steps.push(step);
    track = step.track;
  }
  return steps;
}
const told = (steps: ReturnType<typeof play>) =>
  steps.map(({ track, verdict }) => `${track.state} ${verdict.kind}`);

/** A camera at 2 m/s that is tracked at t = 0.2 s. */
const TRACKING = play([
  seen(0, fixAt(0)),
  seen(0.1, fixAt(0.2, 'tracked')),
  seen(0.2, fixAt(0.4, 'guided')),
])[2].track;

test('the first fix is published, the second makes it a track', () => {
  const steps = play([seen(0, null), seen(0.1, fixAt(0)), seen(0.2, fixAt(0.2, 'guided'))]);
  assert.deepEqual(told(steps), ['lost lost', 'relocalizing fix', 'tracking fix']);
});

test('a second fix elsewhere begins anew, with doubt; the counter goes up as the path breaks', () => {
  const steps = play([seen(0, fixAt(0)), seen(0.1, fixAt(60)), seen(0.2, fixAt(60.1))]);
  assert.deepEqual(told(steps), ['relocalizing fix', 'relocalizing fix', 'tracking fix']);
  const [, second] = steps;
  assert.ok(second.verdict.kind === 'fix' && second.verdict.confidence < 0.5);
  assert.deepEqual(
    steps.map(({ track }) => track.resetCounter),
    [0, 1, 1],
  );
});

test('one fix is too little to predict from: three frames without another lose it', () => {
  const steps = play([seen(0, fixAt(0)), seen(0.1, null), seen(0.2, null), seen(0.3, null)]);
  assert.deepEqual(told(steps), ['relocalizing fix', 'relocalizing lost', 'relocalizing lost', 'lost lost']);
});

test('a few matches found where they were looked for confirm nothing', () => {
  const [, second] = play([seen(0, fixAt(0)), seen(0.1, fixAt(0.1, 'guided', 20))]);
  assert.equal(second.track.state, 'relocalizing');
});

test('without a fix the prediction is published as such, moving on, ever less sure, then lost with the reason', () => {
  const steps = play(
    [0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9].map((t) => seen(t, null)),
    TRACKING,
  );
  const coasted = steps.flatMap(({ verdict }) => (verdict.kind === 'coasted' ? [verdict] : []));
  assert.ok(coasted.length >= 3);
  coasted.forEach(({ worldFromCam, confidence }, i) => {
    assert.ok(Math.abs(worldFromCam.t[0] - (0.6 + 0.4 * i)) < 0.05, `${worldFromCam.t[0]}`);
    assert.ok(confidence < 0.5);
    assert.ok(i === 0 || confidence <= coasted[i - 1].confidence);
  });
  const end = steps.find(({ track }) => track.state === 'lost')!;
  assert.ok(end.verdict.kind === 'lost');
  assert.match(end.verdict.detail, /^9 of 300 matches agree, 15 are needed; (nothing has|the camera may)/);
});

test('a covered lens is believed a little longer than a picture full of things that fit nowhere', () => {
  const covered: Miss = { reason: 'no-features', detail: 'dark' };
  const [{ verdict }] = play([{ ...seen(0.3, null), miss: covered }], TRACKING);
  assert.ok(verdict.kind === 'coasted' && verdict.confidence > 0.5);
});

test('coasting ends with a fix that agrees', () => {
  const steps = play([seen(0.3, null), seen(0.4, null), seen(0.5, fixAt(1.0, 'tracked', 16))], TRACKING);
  assert.deepEqual(told(steps), ['coasting coasted', 'coasting coasted', 'tracking fix']);
});

test('a weak guided fix is published but does not hold the track up for ever', () => {
  const sightings = Array.from({ length: 12 }, (_, i) => 0.3 + 0.1 * i).map((t) =>
    seen(t, fixAt(2 * t, 'guided', 20)),
  );
  const states = play(sightings, TRACKING).map(({ track }) => track.state);
  assert.equal(states[0], 'coasting');
  assert.equal(states.indexOf('lost'), METRIC_LIMITS.maxCoastFrames);
});

test('a guided fix off its prediction is not believed', () => {
  const [{ track, verdict }] = play([seen(0.3, fixAt(1.6, 'guided'))], TRACKING);
  assert.deepEqual([track.state, verdict.kind], ['coasting', 'coasted']);
});

test('kidnapped: a fix out of reach is held back, the second that says so is published under a new counter', () => {
  const steps = play(
    [seen(0.3, fixAt(90)), seen(0.4, fixAt(90.1)), seen(0.5, fixAt(90.2, 'guided'))],
    TRACKING,
  );
  assert.deepEqual(told(steps), ['coasting lost', 'tracking fix', 'tracking fix']);
  assert.ok(steps[0].verdict.kind === 'lost' && steps[0].verdict.reason === 'jump');
  assert.deepEqual(
    steps.map(({ track }) => track.resetCounter),
    [0, 1, 1],
  );
});

test('one wrong fix far off changes nothing but its own frame', () => {
  const steps = play([seen(0.3, fixAt(90)), seen(0.4, fixAt(0.8, 'guided'))], TRACKING);
  assert.deepEqual(told(steps), ['coasting lost', 'tracking fix']);
  assert.equal(steps[1].track.resetCounter, 0);
});

test('a fix of the whole map off the prediction but within reach is published and has to be confirmed', () => {
  const turned = fixAt(0.6);
  const q = [0, Math.sin(0.15), 0, Math.cos(0.15)] as const;
  const pose = { ...turned.pose, worldFromCam: { ...turned.pose.worldFromCam, q } };
  const [{ track, verdict }] = play([seen(0.3, { ...turned, pose })], TRACKING);
  assert.deepEqual([track.state, verdict.kind, track.resetCounter], ['relocalizing', 'fix', 0]);
});

test('an audit that agrees or has no answer settles it; two in a row that disagree begin anew', () => {
  const [agreed] = play([seen(0.3, fixAt(0.6, 'guided'), fixAt(0.7))], TRACKING);
  assert.ok(agreed.track.state === 'tracking' && agreed.track.audit.frames === 0);
  const elsewhere = fixAt(60);
  const steps = play(
    [seen(0.3, fixAt(0.6, 'guided'), elsewhere), seen(0.4, fixAt(0.8, 'guided'), elsewhere)],
    TRACKING,
  );
  assert.deepEqual(told(steps), ['tracking fix', 'lost lost']);
  assert.ok(steps[0].verdict.kind === 'fix' && steps[0].verdict.confidence < 0.5);
  assert.equal(steps[1].track.resetCounter, 1);
  const silent = play(
    [seen(0.3, fixAt(0.6, 'guided'), elsewhere), seen(0.4, fixAt(0.8, 'guided'), 'no-answer')],
    TRACKING,
  );
  assert.deepEqual(told(silent), ['tracking fix', 'tracking fix']);
});

test('after a gap the track is lost; a fix in reach continues the path, another breaks it', () => {
  const near = play([seen(2.2, fixAt(4.4))], TRACKING)[0].track;
  const far = play([seen(2.2, fixAt(300))], TRACKING)[0].track;
  assert.deepEqual([near.state, near.resetCounter], ['relocalizing', 0]);
  assert.deepEqual([far.state, far.resetCounter], ['relocalizing', 1]);
  const [restarted] = play([{ ...seen(0.3, fixAt(0.6)), frame: at(0.3, 1) }], TRACKING);
  assert.deepEqual([restarted.track.state, restarted.track.resetCounter], ['relocalizing', 1]);
});

test('whatever comes: nothing throws, the counter never falls, coasting ends, a gap loses', () => {
  const origin = fc.constantFrom<FixOrigin>('guided', 'tracked', 'retrieved');
  const x = fc.oneof(
    fc.double({ min: -2, max: 2, noNaN: true }),
    fc.double({ min: -500, max: 500, noNaN: true }),
  );
  const fix = fc.tuple(x, origin, fc.integer({ min: 15, max: 120 })).map((args) => fixAt(...args));
  const audit = fc.oneof(
    fc.constant(null),
    fc.constant('no-answer' as const),
    x.map((v) => fixAt(v)),
  );
  const gapS = fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: 0, max: 0.4, noNaN: true }) },
    fc.constantFrom(-1, 0, 1.5, 30),
  );
  const steps = fc.array(
    fc.tuple(
      gapS,
      fc.option(fix),
      audit,
      fc.nat(20).map((n) => (n === 0 ? 1 : 0)),
    ),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(steps, (script) => {
      let track: Track = LOST;
      let [timeS, epoch, coastedFor] = [0, 0, 0];
      for (const [gap, found, second, newEpoch] of script) {
        timeS += gap;
        epoch += newEpoch;
        const frame = at(timeS, epoch);
        const sighting = { frame, fix: found, audit: found ? second : null, miss: found ? null : NO_MATCH };
        const before: Track = track;
        const plan = planFrame(before, frame, [45, -45, 90, -90, 180], 'spare', METRIC_LIMITS);
        assert.ok(plan.turnsDeg.length <= 2);
        const step = advance(before, sighting, METRIC_LIMITS);
        track = step.track;
        assert.ok(track.resetCounter >= before.resetCounter);
        coastedFor = track.state === 'coasting' ? coastedFor + 1 : 0;
        assert.ok(coastedFor <= METRIC_LIMITS.maxCoastFrames);
        if (gap > METRIC_LIMITS.maxGapS || gap < 0 || newEpoch)
          assert.ok(track.state === 'lost' || track.state === 'relocalizing');
        if (step.verdict.kind === 'coasted') {
          assert.equal(track.state, 'coasting');
          assert.ok(step.verdict.covariance.every(Number.isFinite));
        }
      }
    }),
    { seed: 9, numRuns: 400 },
  );
});

test('frames without a fix try turn after turn, whatever was dropped between them', () => {
  const turnsDeg = [90, -90, 45, -45, 180];
  const triedWith = (sequences: readonly number[]) => {
    let track: Track = LOST;
    return sequences.flatMap((sequence, i) => {
      const frame = { ...at(i / 10), sequence };
      const plan = planFrame(track, frame, turnsDeg, 'spare', METRIC_LIMITS);
      track = advance(track, { ...seen(i / 10, null), frame }, METRIC_LIMITS).track;
      return plan.turnsDeg;
    });
  };
  const all = triedWith([0, 1, 2, 3, 4]);
  assert.deepEqual(all, [90, -90, 45, -45, 180, 90, -90, 45, -45, 180]);
  assert.deepEqual(triedWith([3, 8, 13, 18, 23]), all);
});
