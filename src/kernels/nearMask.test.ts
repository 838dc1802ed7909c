import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNearMask, fillNearMask, isNearKeypoint } from './nearMask.js';
import { createRandom } from './random.js';

test('no pixel with a keypoint within the radius is missed, and few far ones are let in', () => {
  const random = createRandom(1);
  const mask = createNearMask();
  let [far, letIn] = [0, 0];
  for (let round = 0; round < 40; round++) {
    const [width, height, radius] = [
      20 + random.integer(300),
      20 + random.integer(200),
      1 + 9 * random.uniform(),
    ];
    const count = random.integer(30);
    const xyPx = Float32Array.from(
      { length: 2 * count },
      (_, i) => (i % 2 === 0 ? width : height) * (1.2 * random.uniform() - 0.1),
    );
    fillNearMask(mask, xyPx, count, width, height, radius);
    for (let probe = 0; probe < 300; probe++) {
      const [x, y] = [width * random.uniform(), height * random.uniform()];
      let nearest = Number.POSITIVE_INFINITY;
      for (let i = 0; i < count; i++)
        nearest = Math.min(nearest, Math.hypot(xyPx[2 * i] - x, xyPx[2 * i + 1] - y));
      const isNear = isNearKeypoint(mask, x, y);
      if (nearest <= radius) assert.ok(isNear);
      else if (nearest > 2.2 * radius) {
        far++;
        if (isNear) letIn++;
      }
    }
  }
  assert.ok(far > 1000 && letIn === 0, `${letIn} of ${far}`);
});
