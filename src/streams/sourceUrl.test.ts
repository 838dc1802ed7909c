import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosestreamError } from '../domain/errors.js';
import { parseSource } from './sourceUrl.js';

test('what each kind of name means', () => {
  for (const [spec, wanted] of [
    ['rtsp://cam/1', { kind: 'rtsp', url: 'rtsp://cam/1' }],
    ['RTSPS://u:p@cam:322/a?b=c', { kind: 'rtsp', url: 'RTSPS://u:p@cam:322/a?b=c' }],
    ['drive.mp4', { kind: 'file', path: 'drive.mp4' }],
    ['./a b/ü.mkv', { kind: 'file', path: './a b/ü.mkv' }],
    ['file:///data/drive%201.mp4', { kind: 'file', path: '/data/drive 1.mp4' }],
    ['subfile,,start,0,,:x', { kind: 'file', path: 'subfile,,start,0,,:x' }],
    ['C:\\drive.mp4', { kind: 'file', path: 'C:\\drive.mp4' }],
  ] as const)
    assert.deepEqual(parseSource(spec), wanted);
});

test('every other scheme and every odd URL is refused, without its credentials', () => {
  for (const spec of [
    ...[
      'http://u:canary@h/x.m3u8',
      'concat:a|b',
      'data:video/mp4;base64,AA',
      'pipe:0',
      'fd:3',
      'lavfi:testsrc',
    ],
    ...['rtsp://', 'rtsp:///path', 'rtsp:cam', 'rtsp://u:canary@cam/a b', 'rtsp://cam/\n-i', 'exec:rm'],
    ...['file://other-host/x', 'file://%00', '', 'a\0b', 'tcp://h:1', 'crypto:file', 'async:cache:x'],
  ]) {
    const refused = (error: unknown) =>
      error instanceof PosestreamError && error.code === 'E_SOURCE_URL' && !/canary/.test(error.message);
    assert.throws(() => parseSource(spec), refused, spec);
  }
});
