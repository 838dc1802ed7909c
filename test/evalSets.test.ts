import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Assessment, assess } from '../src/cli/eval/assess.js';
import { frameOfPose } from '../src/cli/eval/run.js';
import { RECALL_THRESHOLDS } from '../src/cli/evaluate.js';
import type { TimedPose } from '../src/map/tum.js';
import { brokenBars } from './sets/bars.js';

const at = (timeS: number, x: number): TimedPose => ({
  timeS,
  worldFromCam: { q: [0, 0, 0, 1], t: [x, 0, 0] },
});
const truth = Array.from({ length: 20 }, (_, i) => at(i, 0));
const options = {
  thresholds: RECALL_THRESHOLDS,
  toleranceS: 1e-3,
  align: 'none',
  jump: { m: 0.5, deg: 5 },
} as const;

function figures(errorsM: readonly (number | null)[], retrieved = 0): Assessment {
  const frames = errorsM.flatMap((error, i) =>
    error === null ? [] : [{ ...frameOfPose(at(i, error)), retrieved: i < retrieved }],
  );
  return assess({ label: 'run', format: 'report', frames }, { all: truth, queries: truth }, options).figures;
}

const even = (errorM: number) => truth.map(() => errorM);
const real = { name: 'street', kind: 'real' } as const;

test('as good keeps every bar, a median 4 % worse too', () => {
  assert.deepEqual(brokenBars(real, figures(even(0.1)), figures(even(0.104))), []);
});

test('one query less, or a median 6 % worse, breaks it', () => {
  const frame = figures(even(0.1));
  assert.match(
    brokenBars(real, frame, figures([null, ...even(0.1).slice(1)]))[0],
    /recall at 0\.25 m, 2°: 19 of 20/,
  );
  assert.deepEqual(brokenBars(real, frame, figures(even(0.106))), [
    'median 0.1060 m, 6 % above frame by frame (20 of 20 queries worse)',
  ]);
});

test('the night must gain ten points unless it is good already', () => {
  const night = { name: 'town night', kind: 'rendered' } as const;
  const share = (right: number) => figures(truth.map((_, i) => (i < right ? 0.1 : 0.9)));
  assert.match(brokenBars(night, share(14), share(15)).join(), /less than 10 points/);
  assert.deepEqual(brokenBars(night, share(14), share(16)), []);
  assert.deepEqual(brokenBars(night, share(19), share(19)), []);
});

test('a rendered traverse may look one frame in twenty up', () => {
  const town = { name: 'town day', kind: 'rendered' } as const;
  assert.deepEqual(brokenBars(town, figures(even(0.1)), figures(even(0.1), 1)), []);
  assert.match(brokenBars(town, figures(even(0.1)), figures(even(0.1), 2))[0], /retrieval in 10\.0 %/);
});
