import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Camera } from '../domain/camera.js';
import type { Rigid } from '../domain/rigid.js';
import { project } from '../geometry/projection.js';
import { exp, inverse, transformPoint } from '../geometry/rigid.js';
import { createRandom } from '../kernels/random.js';
import { extendRanges } from './extendRanges.js';
import { createOdometryWorkspace } from './odometryWorkspace.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';

const ws = createOdometryWorkspace();

const CAMERA: Camera = { model: 'PINHOLE', params: [450, 450, 320, 180], widthPx: 640, heightPx: 360 };
const COUNT = 200;
const DIM = 64;

/** Two views of the same points; a tenth of the descriptors belong to something else. */
function twoViews(previousFromCurrent: Rigid<'cam', 'cam'>, noisePx: number) {
  const random = createRandom(4);
  const points = Array.from({ length: COUNT }, () => {
    const z = 4 + 16 * random.uniform();
    return [z * (random.uniform() - 0.5), z * 0.6 * (random.uniform() - 0.5), z] as const;
  });
  const own = Array.from({ length: COUNT }, () => unitRow(random));
  const currentFromPrevious = inverse(previousFromCurrent);
  const seen = points.map((point) => transformPoint(currentFromPrevious, point));
  const snap = (of: readonly (readonly number[])[], rows: readonly Float32Array[]): Snapshot => {
    const xyPx = new Float32Array(2 * COUNT);
    const descriptors = new Float32Array(DIM * COUNT);
    const at = new Float64Array(2);
    of.forEach(([x, y, z], i) => {
      project(CAMERA, x, y, z, at);
      xyPx.set([at[0] + noisePx * random.normal(), at[1] + noisePx * random.normal()], 2 * i);
      descriptors.set(rows[i], DIM * i);
    });
    const scores = new Float32Array(COUNT);
    return takeSnapshot(CAMERA, { count: COUNT, dim: DIM, xyPx, scores, descriptors, global: null });
  };
  const others = own.map((row, i) => (i % 10 === 0 ? unitRow(random) : row));
  return { previous: snap(points, own), current: snap(seen, others), seen };
}

function unitRow(random: ReturnType<typeof createRandom>): Float32Array {
  const row = Float32Array.from({ length: DIM }, () => random.normal());
  const norm = Math.hypot(...row);
  return row.map((v) => v / norm);
}

test('distances come from the motion, where rays meet under an angle', () => {
  const { previous, current, seen } = twoViews(exp([0.01, -0.02, 0, 0.5, 0.05, 0.2]), 0.3);
  extendRanges(previous, current, exp([0.01, -0.02, 0, 0.5, 0.05, 0.2]), ws);
  const off = seen.flatMap((point, k) =>
    current.ranges[k] > 0 ? [Math.abs(current.ranges[k] / Math.hypot(...point) - 1)] : [],
  );
  off.sort((a, b) => a - b);
  assert.ok(off.length > 0.7 * COUNT, `${off.length} known`);
  assert.ok(off[off.length >> 1] < 0.03 && off[Math.floor(0.95 * off.length)] < 0.15, String(off.at(-1)));
});

test('a camera that only turns learns no distance', () => {
  const { previous, current } = twoViews(exp([0, 0.03, 0, 0, 0, 0]), 0.3);
  extendRanges(previous, current, exp([0, 0.03, 0, 0, 0, 0]), ws);
  assert.equal(current.ranges.filter((range) => range > 0).length, 0);
});

test('a distance that is known stays, and a frame that knows enough is left alone', () => {
  const motion = exp<'cam', 'cam'>([0, 0, 0, 0.5, 0, 0]);
  const { previous, current } = twoViews(motion, 0);
  current.ranges[3] = 7;
  extendRanges(previous, current, motion, ws);
  assert.equal(current.ranges[3], 7);
  const rich = twoViews(motion, 0).current;
  rich.ranges.fill(5, 0, 150);
  extendRanges(previous, rich, motion, ws);
  assert.equal(rich.ranges.filter((range) => range > 0).length, 150);
});
