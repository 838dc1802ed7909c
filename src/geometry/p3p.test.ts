import assert from 'node:assert/strict';
import { test } from 'node:test';
import { p3pCase, p3pError } from '../../test/solverCases.js';
import { createRandom } from '../../test/synthetic.js';
import { createP3pWorkspace, POSE_SIZE, p3p } from './p3p.js';

test('100 000 random triangles: the true pose is among the solutions, and every solution sees the rays', () => {
  const random = createRandom(11);
  const ws = createP3pWorkspace();
  const out = new Float64Array(4 * POSE_SIZE);
  const cases = 100_000;
  let solved = 0;
  let phantom = 0;
  for (let i = 0; i < cases; i++) {
    const { bearings, points, matrix } = p3pCase(random);
    const count = p3p(bearings, points, out, ws);
    const { closest, worstRay } = p3pError(bearings, points, matrix, out, count);
    if (closest < 1e-6) solved++;
    if (worstRay > 1e-6) phantom++;
  }
  assert.ok(solved >= 0.9999 * cases, `${cases - solved} of ${cases} missed`);
  assert.ok(phantom <= 0.0001 * cases, `${phantom} wrong solutions`);
});

test('a symmetric triangle seen from its axis has all its four poses or fewer, none invented', () => {
  const ws = createP3pWorkspace();
  const out = new Float64Array(4 * POSE_SIZE);
  const points = new Float64Array(9);
  const bearings = new Float64Array(9);
  for (let k = 0; k < 3; k++) {
    const angle = (2 * Math.PI * k) / 3;
    const p = [Math.cos(angle), Math.sin(angle), 0];
    const length = Math.hypot(p[0], p[1], 2);
    for (let j = 0; j < 3; j++) {
      points[3 * k + j] = p[j];
      bearings[3 * k + j] = (p[j] + (j === 2 ? 2 : 0)) / length;
    }
  }
  const truth = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2);
  const count = p3p(bearings, points, out, ws);
  const { closest, worstRay } = p3pError(bearings, points, truth, out, count);
  assert.ok(count >= 1 && count <= 4);
  assert.ok(closest < 1e-6 && worstRay < 1e-6);
});

test('points that say nothing give no pose', () => {
  const ws = createP3pWorkspace();
  const out = new Float64Array(4 * POSE_SIZE);
  const random = createRandom(12);
  const { bearings } = p3pCase(random);
  const same = Float64Array.of(1, 2, 3, 1, 2, 3, 4, 5, 6);
  const line = Float64Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2);
  assert.equal(p3p(bearings, same, out, ws), 0);
  assert.equal(p3p(bearings, line, out, ws), 0);
  assert.equal(p3p(bearings, new Float64Array(9).fill(Number.NaN), out, ws), 0);
});

test('far-off coordinates and tiny or huge scenes change nothing', () => {
  const random = createRandom(13);
  const ws = createP3pWorkspace();
  const out = new Float64Array(4 * POSE_SIZE);
  for (const scale of [1e-3, 1, 1e3])
    for (let i = 0; i < 2000; i++) {
      const { bearings, points, matrix } = p3pCase(random);
      const scaled = points.map((v) => v * scale);
      for (const at of [3, 7, 11]) matrix[at] *= scale;
      const count = p3p(bearings, scaled, out, ws);
      for (let s = 0; s < count; s++) for (const at of [3, 7, 11]) out[12 * s + at] /= scale;
      for (const at of [3, 7, 11]) matrix[at] /= scale;
      assert.ok(p3pError(bearings, points, matrix, out, count).closest < 1e-4);
    }
});
