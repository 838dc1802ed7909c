import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.js';
import { createUnionFind, find, labelSets, union } from './unionFind.js';

test('the same sets as a flood fill', () => {
  const random = createRandom(1);
  for (let round = 0; round < 200; round++) {
    const n = 1 + random.integer(60);
    const edges = Array.from({ length: random.integer(80) }, () => [random.integer(n), random.integer(n)]);
    const sets = createUnionFind(n);
    for (const [a, b] of edges) union(sets, a, b);
    const expected = flood(n, edges);
    const labels = new Int32Array(n);
    assert.equal(labelSets(sets, labels), new Set(expected).size);
    assert.deepEqual([...labels], expected);
    for (let i = 0; i < n; i++) assert.equal(find(sets, find(sets, i)), find(sets, i));
  }
});

test('union says whether it joined anything', () => {
  const sets = createUnionFind(3);
  assert.equal(union(sets, 0, 1), true);
  assert.equal(union(sets, 1, 0), false);
  assert.equal(union(sets, 2, 2), false);
});

function flood(n: number, edges: readonly number[][]): number[] {
  const label = new Array<number>(n).fill(-1);
  let next = 0;
  for (let start = 0; start < n; start++) {
    if (label[start] >= 0) continue;
    const open = [start];
    while (open.length > 0) {
      const i = open.pop()!;
      if (label[i] >= 0) continue;
      label[i] = next;
      for (const [a, b] of edges) {
        if (a === i) open.push(b);
        if (b === i) open.push(a);
      }
    }
    next++;
  }
  return label;
}
