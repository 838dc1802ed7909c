import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamNotes } from './streamNotes.js';

const retrying = (attempt: number) => ({
  kind: 'retrying' as const,
  attempt,
  inMs: 250,
  message: 'E_SOURCE_OPEN rtsp://cam did not answer.',
});

test('trouble is told once, then that it is over; what works says nothing', () => {
  const lines: string[] = [];
  const note = streamNotes((line) => lines.push(line));
  note('car', { kind: 'connecting' });
  note('drone', { kind: 'streaming' });
  for (const attempt of [2, 3, 4]) note('car', retrying(attempt));
  note('car', { kind: 'streaming' });
  note('car', retrying(2));
  note('drone', { kind: 'failed', code: 'E_SOURCE_FORMAT', message: 'x.mp4 is damaged.' });
  const trouble = 'car: E_SOURCE_OPEN rtsp://cam did not answer. It is tried again.';
  assert.deepEqual(lines, [trouble, 'car: streaming', trouble, 'drone: E_SOURCE_FORMAT x.mp4 is damaged.']);
});
