import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTroubles } from './troubles.js';

test('counts what happened within the last hour, kind by kind', () => {
  const troubles = createTroubles();
  const minute = 60_000;
  troubles.note({ kind: 'stalled' }, 0);
  troubles.note({ kind: 'retrying', attempt: 1, inMs: 250 }, 1);
  troubles.note({ kind: 'streaming' }, 2);
  troubles.note({ kind: 'retrying', attempt: 1, inMs: 250 }, 30 * minute);
  troubles.note({ kind: 'frozen' }, 50 * minute);
  assert.deepEqual(troubles.lastHour(50 * minute), { reconnects: 2, stalls: 1, freezes: 1 });
  assert.deepEqual(troubles.lastHour(80 * minute), { reconnects: 1, stalls: 0, freezes: 1 });
  assert.deepEqual(troubles.lastHour(200 * minute), { reconnects: 0, stalls: 0, freezes: 0 });
});
