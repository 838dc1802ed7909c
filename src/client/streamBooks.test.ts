import assert from 'node:assert/strict';
import test from 'node:test';
import type { PoseMessage } from '../server/wire.js';
import { streamBooks } from './streamBooks.js';

const pose = (epoch: number, sequence: number, rest: object = {}) =>
  ({ type: 'pose', stream: 'car', state: 'posed', epoch, sequence, ...rest }) as PoseMessage;

test('what a stream said before it started anew is old', () => {
  const books = streamBooks();
  const kinds = [pose(1, 5), pose(1, 4), pose(0, 99), pose(1, 6), pose(2, 0), pose(1, 7)].map(books.takes);
  assert.deepEqual(kinds, ['news', 'old', 'old', 'news', 'news', 'old']);
});

test('a pose that comes twice waits while it is not handled, and is old then', () => {
  const books = streamBooks();
  assert.deepEqual([books.takes(pose(0, 1)), books.takes(pose(0, 1))], ['news', 'waits']);
  books.handled(pose(0, 1));
  assert.equal(books.takes(pose(0, 1)), 'old');
  books.connected();
  assert.equal(books.takes(pose(0, 1)), 'old');
  assert.equal(books.takes(pose(0, 1)), 'old');
});

test('a server that was started anew may count anew, and so may a stream that was taken away', () => {
  const books = streamBooks();
  books.takes(pose(7, 70));
  books.handled(pose(7, 70));
  books.connected();
  assert.equal(books.takes(pose(0, 0)), 'news');
  books.takes(pose(3, 3));
  books.listed([]);
  assert.equal(books.takes(pose(0, 0)), 'news');
  assert.deepEqual(books.after(), {});
});

test('frames between those that were read are counted, by epoch; why one is lost is kept until it is found', () => {
  const books = streamBooks();
  for (const [epoch, sequence] of [
    [0, 3],
    [0, 4],
    [0, 9],
    [1, 50],
    [1, 52],
  ])
    books.read(pose(epoch, sequence));
  assert.equal(books.states().get('car')?.skipped, 5);
  books.takes(pose(1, 60, { state: 'lost', reason: 'no-features', detail: 'dark' }));
  assert.deepEqual(books.states().get('car')?.lost, { reason: 'no-features', detail: 'dark' });
  books.takes(pose(1, 61));
  assert.equal(books.states().get('car')?.lost, null);
});
