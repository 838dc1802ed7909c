import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow, restartLine, startLine } from './liveLine.js';

const FPS = 30;

/** Pictures of one scene after another, each for so many seconds from a time on. */
function run(
  line = startLine(),
  ...parts: { fromS: number; lastS: number; frozen?: boolean; damages?: number }[]
) {
  let number = 0;
  const judged = parts.flatMap(({ fromS, lastS, frozen = false, damages = 0 }) =>
    Array.from({ length: lastS * FPS }, (_, i) => {
      const fingerprint = frozen ? 1 : 2 + number++;
      const found = follow(line, {
        timestampS: fromS + i / FPS,
        damages,
        fingerprint,
        keyS: Number.NEGATIVE_INFINITY,
      });
      line = found.line;
      return found;
    }),
  );
  return { line, judged };
}

test('a clock that runs backward takes no frost along; doubt goes on in the new time', () => {
  const before = run(startLine(), { fromS: 5000, lastS: 25, frozen: true, damages: 3 });
  assert.equal(before.judged.at(-1)!.reject, 'frozen');
  assert.ok(before.judged[0].isSuspect && !before.judged.at(-1)!.isSuspect);

  const damaged = run(before.line, { fromS: 5025, lastS: 1, damages: 4 });
  assert.ok(damaged.judged.at(-1)!.isSuspect);
  const after = run(damaged.line, { fromS: 0, lastS: 25, damages: 4 });
  assert.equal(after.line.timeline.epoch, 1);
  assert.ok(after.judged.every(({ reject }) => reject === null));
  assert.ok(after.judged.every(({ isSuspect }, i) => isSuspect === i / FPS < 20));

  const again = run(after.line, { fromS: 25, lastS: 10, frozen: true, damages: 4 });
  assert.equal(again.judged.at(-1)!.reject, 'frozen', 'told within seconds, whatever the time was before');
});

test('a repeated time is told, and a connection begins an epoch of its own', () => {
  const { line } = run(startLine(), { fromS: 0, lastS: 1, damages: 7 });
  const { timestampS } = line.timeline;
  assert.equal(
    follow(line, { timestampS, damages: 7, fingerprint: 99, keyS: Number.NEGATIVE_INFINITY }).reject,
    'duplicate-time',
  );
  const next = follow(restartLine(line), {
    timestampS,
    damages: 0,
    fingerprint: 5,
    keyS: Number.NEGATIVE_INFINITY,
  });
  assert.deepEqual([next.line.timeline.epoch, next.line.timeline.sequence, next.isSuspect], [1, 0, false]);
  assert.ok(
    follow(next.line, { timestampS, damages: 1, fingerprint: 5, keyS: Number.NEGATIVE_INFINITY }).isSuspect,
  );
});

test('packets missing for seconds: pictures behind the gap are suspect until their first key frame', () => {
  const clean = run(startLine(), { fromS: 0, lastS: 2 });
  const { line } = run(clean.line, { fromS: 2, lastS: 1, damages: 1 });
  const behind = (keyS: number) =>
    [6, 6.1, 6.2].reduce(
      ({ line, told }, timestampS) => {
        const key = keyS <= timestampS ? keyS : 0;
        const judged = follow(line, { timestampS, damages: 1, fingerprint: timestampS, keyS: key });
        return { line: judged.line, told: [...told, judged.isSuspect] };
      },
      { line, told: [] as boolean[] },
    ).told;
  assert.deepEqual(behind(9), [true, true, true]);
  assert.deepEqual(behind(6), [true, false, false]);
  const { judged } = run(clean.line, { fromS: 6, lastS: 1 });
  assert.ok(
    judged.every(({ isSuspect }) => !isSuspect),
    'a gap alone is no damage',
  );
});
