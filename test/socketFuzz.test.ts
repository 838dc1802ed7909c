import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attack } from './hostile/attack.js';

test('hostile messages are each answered, nothing stalls, and a client beside them does not notice', async () => {
  const { messages, closes, surprises, gateway, witness } = await attack(10_000, 7);
  assert.deepEqual(surprises, []);
  assert.ok(messages >= 10_000);
  for (const code of [1002, 1007, 1008, 1009]) assert.ok(closes[code] > 0, `some closed with ${code}`);
  assert.ok(gateway.worstStallMs < 100, `stalled for ${gateway.worstStallMs} ms`);
  assert.equal(witness.reconnects, 0);
  assert.ok(witness.poses > 10 && witness.worstGapMs < 3000, `a gap of ${witness.worstGapMs} ms`);
});
