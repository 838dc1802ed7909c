import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../src/kernels/random.js';
import { slopeOf, studentQuantile } from './support/slope.js';

test("Student's quantiles of the tables", () => {
  assert.ok(Math.abs(studentQuantile(10) - 2.228) < 0.01);
  assert.ok(Math.abs(studentQuantile(30) - 2.042) < 0.002);
});

test('the interval holds the true slope in about 95 of 100 draws', () => {
  const { normal } = createRandom(3);
  const x = Array.from({ length: 20 }, (_, i) => i);
  let held = 0;
  for (let draw = 0; draw < 1000; draw++) {
    const { perX, halfWidth } = slopeOf(
      x,
      x.map((xi) => 5 + 0.3 * xi + normal()),
    );
    if (Math.abs(perX - 0.3) < halfWidth) held++;
  }
  assert.ok(held > 930 && held < 970, `${held}`);
});
