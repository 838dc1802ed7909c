import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.js';

const FROZEN = [0.8200600536074489, 0.07042353111319244, 0.2342291169334203];

const take = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);

test('a seed is a stream, and always the same one', () => {
  assert.deepEqual(take(10, createRandom(7).uniform), take(10, createRandom(7).uniform));
  assert.notDeepEqual(take(10, createRandom(7).uniform), take(10, createRandom(8).uniform));
  // frozen: fixtures are made from it
  assert.deepEqual(take(3, createRandom(42).uniform), FROZEN);
});

test('split streams do not move each other', () => {
  const alone = take(5, createRandom(1).split(3).uniform);
  const parent = createRandom(1);
  parent.uniform();
  const [left, right] = [parent.split(3), parent.split(4)];
  right.uniform();
  assert.deepEqual(take(5, left.uniform), alone);
  assert.notDeepEqual(take(5, createRandom(1).split(4).uniform), alone);
  assert.notDeepEqual(take(5, createRandom(1).split(3).split(3).uniform), alone);
});

test('uniform, integer and normal have their means and spreads', () => {
  const random = createRandom(9);
  const n = 200_000;
  const uniform = take(n, random.uniform);
  assert.ok(Math.abs(mean(uniform) - 0.5) < 0.005 && Math.min(...uniform.slice(0, 1e5)) >= 0);
  const normal = take(n, random.normal);
  assert.ok(Math.abs(mean(normal)) < 0.01 && Math.abs(mean(normal.map((v) => v * v)) - 1) < 0.02);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < n; i++) counts[random.integer(7)]++;
  for (const count of counts) assert.ok(Math.abs(count / (n / 7) - 1) < 0.03);
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
