import assert from 'node:assert/strict';
import test from 'node:test';
import type { Outcome } from '../domain/outcome.js';
import { createLog } from './log.js';
import { createLogOutput } from './logOutput.js';
import type { SourceStatus } from './wire.js';

function logged(level: 'info' | 'debug', tell: (output: ReturnType<typeof createLogOutput>) => void) {
  const lines: string[] = [];
  const output = createLogOutput(createLog({ level, format: 'json', write: (line) => lines.push(line) }));
  tell(output);
  void output.close();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('every change of a source, each by its weight, none twice', () => {
  const changes: readonly SourceStatus[] = [
    { kind: 'connecting' },
    { kind: 'streaming' },
    { kind: 'streaming' },
    { kind: 'stalled' },
    { kind: 'retrying', attempt: 1, inMs: 250.4, code: 'SOURCE_DOWN', message: 'It went away.' },
    { kind: 'streaming' },
    { kind: 'failed', code: 'E_INTRINSICS_MISMATCH', message: 'Another shape.', hint: 'Calibrate.' },
  ];
  const lines = logged('info', (output) => {
    for (const change of changes) output.source('car', change, 0);
  });
  assert.deepEqual(
    lines.map(({ level, stream, event, message, attempt, inMs, code }) => ({
      ...{ level, stream, event, message },
      ...(attempt === undefined ? {} : { attempt, inMs }),
      ...(code === undefined ? {} : { code }),
    })),
    [
      { level: 'info', stream: 'car', event: 'source-streaming', message: 'streaming' },
      { level: 'warn', stream: 'car', event: 'source-stalled', message: 'stalled' },
      {
        ...{ level: 'warn', stream: 'car', event: 'source-retrying' },
        ...{ message: 'It went away. It is tried again.', attempt: 1, inMs: 250, code: 'SOURCE_DOWN' },
      },
      {
        ...{ level: 'error', stream: 'car', event: 'source-failed', code: 'E_INTRINSICS_MISMATCH' },
        message: 'E_INTRINSICS_MISMATCH Another shape. Calibrate.',
      },
      { level: 'info', stream: 'car', event: 'source-streaming', message: 'streaming' },
    ],
  );
});

test('a track is lost and found at debug, once each', () => {
  const frame = { stream: 'car' };
  const posed = { kind: 'posed', frame, pose: { source: 'pnp' } } as Outcome;
  const lost = { kind: 'lost', frame, reason: 'few-inliers', detail: '9 inliers' } as Outcome;
  const dropped = { kind: 'dropped', frame, reason: 'busy' } as Outcome;
  const tell = (output: ReturnType<typeof createLogOutput>) => {
    for (const outcome of [posed, posed, dropped, lost, lost, dropped, lost]) output.outcome(outcome, 0);
  };
  assert.deepEqual(
    logged('debug', tell).map(({ event, message, reason }) => [event, message, reason]),
    [
      ['posed', 'poses come', undefined],
      ['lost', '9 inliers', 'few-inliers'],
    ],
  );
  assert.deepEqual(logged('info', tell), []);
});

test('a warning about a stream is written when it comes and when it goes', () => {
  const warning = { code: 'E_INTRINSICS_SUSPECT', message: 'Another focal length fits.', hint: 'Calibrate.' };
  const posed = { kind: 'posed', frame: { stream: 'car' }, pose: { source: 'pnp' } } as Outcome;
  const warned = { ...posed, warning } as Outcome;
  const lines = logged('info', (output) => {
    for (const outcome of [posed, warned, warned, posed, posed]) output.outcome(outcome, 0);
  });
  assert.deepEqual(
    lines.map(({ level, event, message }) => [level, event, message]),
    [
      ['warn', 'warning', 'E_INTRINSICS_SUSPECT Another focal length fits. Calibrate.'],
      ['info', 'warning-over', 'nothing speaks against it any more'],
    ],
  );
});
