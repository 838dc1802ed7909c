import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReport } from './reportFile.js';

const posed = {
  timestampS: 1,
  epoch: 0,
  sequence: 4,
  outcome: 'posed',
  state: 'tracking',
  source: 'tracked',
  position: [1, 2, 3],
  orientation: [0, 0, 0, 1],
  smoothPosition: [1.1, 2, 3],
  smoothOrientation: [0, 0, 0, 1],
  confidence: 0.9,
  resetCounter: 2,
  retrieved: false,
  covariance: null,
  timings: { extractMs: 20, solveMs: 1 },
  somethingNewer: true,
};
const lost = {
  timestampS: 2,
  outcome: 'lost',
  reason: 'few-inliers',
  detail: '…',
  confidence: 0,
  timings: {},
};
const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

test('raw and smooth are two trajectories of one report', () => {
  const text = lines(posed, lost);
  const [raw, missed] = parseReport(text, 'f.jsonl', 'raw');
  assert.deepEqual(raw.worldFromCam?.t, [1, 2, 3]);
  assert.equal(missed.worldFromCam, null);
  assert.equal(missed.reason, 'few-inliers');
  assert.deepEqual(
    [raw.state, raw.source, raw.confidence, raw.retrieved],
    ['tracking', 'tracked', 0.9, false],
  );
  assert.deepEqual(parseReport(text, 'f.jsonl', 'smooth')[0].worldFromCam?.t, [1.1, 2, 3]);
});

test('a posed frame that nothing smooths yet counts with its raw pose', () => {
  const { smoothPosition: _, smoothOrientation: __, ...first } = posed;
  assert.deepEqual(parseReport(lines(first, posed), 'f.jsonl', 'smooth')[0].worldFromCam?.t, [1, 2, 3]);
});

test('fields that a version does not write are unknown', () => {
  const { timestampS, outcome, position, orientation } = posed;
  const [frame] = parseReport(lines({ timestampS, outcome, position, orientation }), 'f.jsonl', 'raw');
  assert.deepEqual([frame.state, frame.source, frame.confidence, frame.ageMs], [null, null, null, null]);
  assert.deepEqual(frame.timings, {});
});

const REFUSED: [unknown, RegExp][] = [
  [{ ...posed, timestampS: 'soon' }, /f\.jsonl, line 2: timestampS/],
  [{ ...posed, outcome: 'flying' }, /f\.jsonl, line 2: outcome/],
  [{ ...posed, position: undefined }, /f\.jsonl, line 2: posed, but without/],
  [{ ...posed, orientation: [0, 0, 0, 2] }, /f\.jsonl, line 2: orientation/],
  [[], /f\.jsonl, line 2/],
];

test('a broken line is told by file and number', () => {
  for (const [value, message] of REFUSED)
    assert.throws(() => parseReport(lines(posed, value), 'f.jsonl', 'raw'), message);
  const cut = lines(posed, lost).slice(0, -20);
  assert.throws(() => parseReport(cut, 'f.jsonl', 'raw'), /f\.jsonl, line 2: not a whole JSON object/);
});
