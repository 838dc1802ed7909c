import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatedTurns } from './gatedTurns.js';
import { roundRobin } from './turns.js';

test('a shut gate keeps whoever comes to its turn, an open one lets it go on; nobody is lost', () => {
  const turns = gatedTurns(roundRobin());
  const seen: string[] = [];
  const dones: Array<() => void> = [];
  const lane = (name: string) =>
    turns.take((done) => {
      seen.push(name);
      dones.push(done);
    });
  lane('a');
  turns.shut();
  lane('b');
  const withdraw = lane('c');
  dones.shift()?.();
  assert.deepEqual(seen, ['a'], 'b came to its turn and waits at the gate');
  withdraw();
  turns.open();
  assert.deepEqual(seen, ['a', 'b']);
  lane('d');
  dones.shift()?.();
  assert.deepEqual(seen, ['a', 'b', 'd']);
});

test('whoever leaves while waiting at the gate gives its turn back', () => {
  const turns = gatedTurns(roundRobin());
  const seen: string[] = [];
  turns.shut();
  const withdraw = turns.take(() => seen.push('a'));
  turns.take((done) => {
    seen.push('b');
    done();
  });
  withdraw();
  withdraw();
  assert.equal(seen.length, 0);
  turns.open();
  assert.equal(seen.join(), 'b');
  turns.take(() => seen.push('c'));
  assert.equal(seen.join(), 'b,c');
});
