import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyFrames } from './keyFrames.js';

const NOTES = [
  'frame:0    pts:-5      pts_time:-0.0',
  'key=1',
  'frame:1    pts:126000  pts_time:1.4',
  'key=1',
  '',
];

test('times of key frames, in pieces of any size; the newest are kept', () => {
  const bytes = Buffer.from(NOTES.join('\n'));
  for (const piece of [1, 5, bytes.length]) {
    const keys = keyFrames();
    for (let at = 0; at < bytes.length; at += piece) keys.push(bytes.subarray(at, at + piece));
    const newest = [-6, -5, 125_999, 126_000, 200_000].map(keys.newestUpTo);
    assert.deepEqual(newest, [Number.NEGATIVE_INFINITY, -5, -5, 126_000, 126_000]);
    for (let i = 1; i <= 100; i++) keys.push(Buffer.from(`frame:${i} pts:${i}000 pts_time:1\nkey=1\n`));
    assert.equal(keys.newestUpTo(126_000), 100_000);
  }
});

test('where time goes back, key frames of before count no more', () => {
  const keys = keyFrames();
  for (const pts of [100, 5000, 9000, 300]) keys.push(Buffer.from(`frame:1 pts:${pts} pts_time:1\nkey=1\n`));
  assert.deepEqual([299, 6000].map(keys.newestUpTo), [Number.NEGATIVE_INFINITY, 300]);
});
