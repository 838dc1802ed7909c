import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorldFromCam } from '../../domain/rigid.js';
import { angleBetween, distanceBetween, exp, rigid } from '../../geometry/rigid.js';
import { createRandom } from '../../kernels/random.js';
import { alignTo, applyAlignment } from './align.js';

const pose = (random: { normal(): number }, turn = 1): WorldFromCam =>
  exp(Array.from({ length: 6 }, (_, axis) => (axis < 3 ? turn : 10) * random.normal()));

for (const kind of ['se3', 'sim3'] as const)
  test(`${kind} undoes any such transform of a trajectory`, () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = createRandom(seed);
      const scale = kind === 'sim3' ? Math.exp(random.normal()) : 1;
      const { q, t } = pose(random);
      const pairs = Array.from({ length: 3 + random.integer(20) }, () => {
        const estimate = pose(random);
        return {
          estimate: { timeS: 0, worldFromCam: estimate },
          truth: { timeS: 0, worldFromCam: applyAlignment({ scale, q, t }, estimate) },
        };
      });
      const found = alignTo(pairs, kind, 'run');
      assert.ok(Math.abs(found.scale / scale - 1) < 1e-9, `${found.scale} for ${scale}`);
      for (const { estimate, truth } of pairs) {
        const back = applyAlignment(found, estimate.worldFromCam);
        assert.ok(distanceBetween(back, truth.worldFromCam) < 1e-8);
        assert.ok(angleBetween(back, truth.worldFromCam) < 1e-7);
      }
    }
  });

test('no small change of the found alignment fits noisy centres better', () => {
  const random = createRandom(5);
  const pairs = Array.from({ length: 12 }, () => {
    const estimate = pose(random);
    const t = estimate.t.map((v) => v + random.normal()) as unknown as WorldFromCam['t'];
    return {
      estimate: { timeS: 0, worldFromCam: estimate },
      truth: { timeS: 0, worldFromCam: rigid<'world', 'cam'>(estimate.q, t) },
    };
  });
  const found = alignTo(pairs, 'sim3', 'run');
  const cost = (alignment: typeof found) =>
    pairs.reduce((sum, { estimate, truth }) => {
      const d = distanceBetween(applyAlignment(alignment, estimate.worldFromCam), truth.worldFromCam);
      return sum + d * d;
    }, 0);
  for (let i = 0; i < 200; i++) {
    const step = exp<'world', 'world'>(Array.from({ length: 6 }, () => 1e-3 * random.normal()));
    const q = rigid<'world', 'cam'>(found.q, [0, 0, 0]).q;
    const turned = {
      ...found,
      q: applyAlignment({ scale: 1, q: step.q, t: [0, 0, 0] }, rigid(q, [0, 0, 0])).q,
    };
    const moved = { ...found, t: found.t.map((v, axis) => v + step.t[axis]) as unknown as typeof found.t };
    const scaled = { ...found, scale: found.scale * (1 + 1e-3 * random.normal()) };
    for (const other of [turned, moved, scaled]) assert.ok(cost(other) > cost(found) - 1e-9);
  }
});

test('what fixes no rotation is refused', () => {
  const at = (x: number) => ({ timeS: x, worldFromCam: rigid<'world', 'cam'>([0, 0, 0, 1], [x, 0, 0]) });
  for (const xs of [[], [0], [0, 1], [0, 1, 2, 3, 4]])
    assert.throws(
      () =>
        alignTo(
          xs.map((x) => ({ estimate: at(x), truth: at(x) })),
          'sim3',
          'line.tum',
        ),
      /line\.tum cannot be aligned/,
    );
});
