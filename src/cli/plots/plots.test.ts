import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import type { WorldFromCam } from '../../domain/rigid.js';
import { exp } from '../../geometry/rigid.js';
import { createRandom } from '../../kernels/random.js';
import { assess } from '../eval/assess.js';
import { frameOfPose, type RunFrame } from '../eval/run.js';
import { RECALL_THRESHOLDS } from '../evaluate.js';
import { planPoint, viewFromAbove } from './above.js';
import { confidencePlot } from './confidencePlot.js';
import { errorPlot } from './errorPlot.js';
import { reliabilityPlot, statesConfidence, wilson } from './reliabilityPlot.js';
import { linearTicks, logScale } from './scale.js';
import { trajectoryPlot } from './trajectoryPlot.js';

test('ticks are round numbers inside the range', () => {
  const labels = (from: number, to: number) => linearTicks(from, to, 5).map(({ label }) => label);
  assert.deepEqual(labels(0, 1), ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
  assert.deepEqual(labels(-130, 220), ['-100', '0', '100', '200']);
  const random = createRandom(1);
  for (let i = 0; i < 500; i++) {
    const from = 100 * random.normal();
    const to = from + Math.exp(4 * random.normal());
    const ticks = linearTicks(from, to, 6);
    assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks.length} ticks from ${from} to ${to}`);
    for (const { value } of ticks)
      assert.ok(value >= from - 1e-6 * (to - from) && value <= to + 1e-6 * (to - from));
  }
});

test('a decade is as long as every other', () => {
  const { at } = logScale([0.002, 30], [500, 0]);
  assert.ok(Math.abs(at(0.01) - at(0.1) - (at(1) - at(10))) < 1e-9);
  assert.equal(at(0.001), 500);
  assert.equal(at(0), 500);
});

test("Wilson's interval", () => {
  const [low, high] = wilson(0.5, 10);
  assert.ok(Math.abs(low - 0.2366) < 1e-3 && Math.abs(high - 0.7634) < 1e-3, `${low} ${high}`);
});

const level = (x: number, y: number, yaw: number): WorldFromCam => {
  const lookAlongX: WorldFromCam = { q: [-0.5, 0.5, -0.5, 0.5], t: [0, 0, 0] };
  const half = yaw / 2;
  const [a, b, c, d] = lookAlongX.q;
  const [s, w] = [Math.sin(half), Math.cos(half)];
  return { q: [w * a - s * b, w * b + s * a, w * c + s * d, w * d - s * c], t: [x, y, 0] };
};

test('seen from above: x to the right, y up where z is up; z up where y is down', () => {
  const drive = Array.from({ length: 20 }, (_, i) => level(i, Math.sin(i / 3), i / 10));
  const zUp = viewFromAbove(drive);
  assert.deepEqual(planPoint(zUp, [3, 4, 5]), [3, 4]);
  assert.deepEqual([zUp.rightName, zUp.aheadName], ['x', 'y']);
  const dashcam = Array.from({ length: 20 }, (_, i) => exp<'world', 'cam'>([0, 0.05 * i, 0, 0, 0, i]));
  const yDown = viewFromAbove(dashcam);
  assert.deepEqual(planPoint(yDown, [3, 4, 5]), [3, 5]);
  assert.deepEqual([yDown.rightName, yDown.aheadName], ['x', 'z']);
});

const truth = Array.from({ length: 30 }, (_, i) => ({ timeS: 0.1 * i, worldFromCam: level(i, 0, 0) }));
const reference = { all: truth, queries: truth };
const frames = truth.map((pose, i): RunFrame => {
  const frame = { ...frameOfPose(pose), confidence: (i % 10) / 10, state: i < 20 ? 'tracking' : 'coasting' };
  return i < 3 ? { ...frame, outcome: 'lost', worldFromCam: null, state: 'lost & <found>' } : frame;
});
const run = { label: 'a "run" & <more>.jsonl', format: 'report', frames } as const;
const options = {
  thresholds: RECALL_THRESHOLDS,
  toleranceS: 1e-3,
  align: 'none',
  jump: { m: 0.5, deg: 5 },
} as const;
const assessed = [assess(run, reference, options)];

const PICTURES = {
  trajectory: () => trajectoryPlot(assessed, reference, null),
  errors: () => errorPlot(assessed, reference),
  reliability: () => reliabilityPlot(assessed.filter(statesConfidence)),
  confidence: () => confidencePlot(assessed),
};

for (const [name, draw] of Object.entries(PICTURES))
  test(`${name} is a picture by itself, with no broken number`, async () => {
    const svg = draw();
    assert.doesNotMatch(svg, /NaN|undefined|Infinity|href|url\((?!#)/);
    const { width, height, channels } = await sharp(Buffer.from(svg)).metadata();
    assert.ok(width > 300 && height > 200 && channels >= 3);
  });

test('a lost query is a cross in both error panels, a state a box of its length', () => {
  const svg = errorPlot(assessed, reference);
  const crosses = [...svg.matchAll(/d="([^"]*l6 6m0 -6l-6 6[^"]*)"/g)].map(
    ([, d]) => d.split('M').length - 1,
  );
  assert.deepEqual(crosses, [3, 3]);
  for (const word of ['tracking', 'coasting', 'lost &amp; &lt;found&gt;'])
    assert.match(svg, new RegExp(`>${word}<`));
});

test('a run that posed nothing can be drawn', async () => {
  const none = [assess({ label: 'none', format: 'report', frames: [] }, reference, options)];
  for (const svg of [trajectoryPlot(none, reference, null), errorPlot(none, reference)]) {
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    await sharp(Buffer.from(svg)).metadata();
  }
});
