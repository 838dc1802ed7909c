import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimedPose } from '../../map/tum.js';
import { RECALL_THRESHOLDS } from '../evaluate.js';
import { assess } from './assess.js';
import { frameOfPose, type Run, type RunFrame } from './run.js';
import { formatAssessments } from './table.js';

const at = (timeS: number, x: number): TimedPose => ({
  timeS,
  worldFromCam: { q: [0, 0, 0, 1], t: [x, 0, 0] },
});
const truth = [0, 1, 2, 3].map((t) => at(t, t));
const reference = { all: truth, queries: truth };
const options = {
  thresholds: RECALL_THRESHOLDS,
  toleranceS: 1e-3,
  align: 'none',
  jump: { m: 0.5, deg: 5 },
} as const;

const frame = (pose: TimedPose, rest: Partial<RunFrame>): RunFrame => ({ ...frameOfPose(pose), ...rest });
const run = (label: string, frames: readonly RunFrame[]): Run => ({ label, format: 'report', frames });

const good = run('good', [
  frame(at(0, 0.1), {
    state: 'lost',
    source: 'pnp',
    confidence: 0.9,
    timings: { retrieveMs: 2, totalMs: 9 },
  }),
  frame(at(1, 1.1), { state: 'tracking', source: 'tracked', confidence: 0.8, timings: { totalMs: 3 } }),
  frame(at(2, 4), { state: 'tracking', source: 'tracked', confidence: 0.7, timings: { totalMs: 5 } }),
  frame(at(3, 0), {
    outcome: 'lost',
    worldFromCam: null,
    state: 'coasting',
    reason: 'few-inliers',
    confidence: 0,
  }),
]);

test('figures of a report', () => {
  const { figures } = assess(good, reference, options);
  assert.equal(figures.posed, 3);
  assert.equal(figures.confident, 3);
  assert.equal(figures.confidentWrong, 1);
  assert.deepEqual(figures.states, { tracking: 0.5, coasting: 0.25, lost: 0.25 });
  assert.deepEqual(figures.sources, { tracked: 0.5, pnp: 0.25 });
  assert.deepEqual(figures.reasons, { 'few-inliers': 0.25 });
  assert.deepEqual(figures.outcomes, { posed: 0.75, lost: 0.25 });
  assert.equal(figures.retrieved, 0.25);
  assert.equal(figures.jumps.length, 1);
  assert.deepEqual(
    figures.stages.map(({ stage, frames, p50Ms }) => [stage, frames, p50Ms]),
    [
      ['retrieve', 1, 2],
      ['total', 3, 5],
    ],
  );
  assert.ok(Math.abs(figures.ateRmseM! - Math.sqrt((0.01 + 0.01 + 4) / 3)) < 1e-12);
});

test('a bare trajectory has no confidence, states or timings, and its table no such rows', () => {
  const bare: Run = { label: 'p.tum', format: 'tum', frames: truth.map(frameOfPose) };
  const { figures } = assess(bare, reference, options);
  assert.equal(figures.reliability, null);
  assert.equal(figures.retrieved, null);
  assert.doesNotMatch(formatAssessments([figures]), /confident|outcome|state|retrieval|null|NaN|undefined/);
});

test('a run that posed nothing has figures too', () => {
  const { figures } = assess(run('none', []), reference, options);
  assert.equal(figures.recall[0].count, 0);
  assert.match(formatAssessments([figures]), /median error\s+–, –/);
});

test('compared runs share rows and are marked against the first', () => {
  const better = run(
    'better',
    truth.map((pose) => frame(pose, { state: 'tracking', source: 'tracked', confidence: 0.99 })),
  );
  const table = formatAssessments([good, better].map((each) => assess(each, reference, options).figures));
  const line = (label: string) => table.split('\n').find((row) => row.startsWith(label)) ?? '';
  assert.match(table, /^ +good +better$/m);
  assert.match(line('within 0.25 m, 2°'), /2\/4 {2}50\.0 % +4\/4 {2}100\.0 % ▲$/);
  assert.match(line('median error'), /10\.0 cm, 0\.000° +0\.0 mm ▲, 0\.000°$/);
  assert.match(line('state coasting'), /25\.0 % +–$/);
  const worse = formatAssessments([better, good].map((each) => assess(each, reference, options).figures));
  assert.match(worse.split('\n').find((row) => row.startsWith('confident but wrong')) ?? '', / 0 +1 ▼$/);
});
