import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosestreamError } from '../domain/errors.js';
import { parseSource } from './sourceUrl.js';

test('what each kind of name means', () => {
  const live = (kind: string, url: string, isListener = false) => ({ kind, url, isListener });
  for (const [spec, wanted] of [
    ['rtsp://cam/1', live('rtsp', 'rtsp://cam/1')],
    ['RTSPS://u:p@cam:322/a?b=c', live('rtsp', 'RTSPS://u:p@cam:322/a?b=c')],
    ['rtsp://127.0.0.1:8554/a?mode=listener', live('rtsp', 'rtsp://127.0.0.1:8554/a', true)],
    ['rtmp://127.0.0.1/a?b=c&mode=listener&d=e', live('rtmp', 'rtmp://127.0.0.1/a?b=c&d=e', true)],
    ['rtmp://host/live/x', live('rtmp', 'rtmp://host/live/x')],
    ['srt://127.0.0.1:9000?mode=listener', live('srt', 'srt://127.0.0.1:9000?mode=listener', true)],
    ['srt://0.0.0.0:9000?mode=listener&passphrase=0123456789', null],
    ['udp://127.0.0.1:5000', live('udp', 'udp://127.0.0.1:5000', true)],
    ['https://host/live.m3u8', live('hls', 'https://host/live.m3u8')],
    ['/dev/video0', live('v4l2', '/dev/video0')],
    ['drive.mp4', { kind: 'file', path: 'drive.mp4' }],
    ['./a b/ü.mkv', { kind: 'file', path: './a b/ü.mkv' }],
    ['file:///data/drive%201.mp4', { kind: 'file', path: '/data/drive 1.mp4' }],
    ['subfile,,start,0,,:x', { kind: 'file', path: 'subfile,,start,0,,:x' }],
    ['C:\\drive.mp4', { kind: 'file', path: 'C:\\drive.mp4' }],
  ] as const)
    assert.deepEqual(parseSource(spec), wanted ?? live('srt', spec, true));
});

test('every other scheme and every odd URL is refused, without its credentials', () => {
  for (const spec of [
    ...['ftp://u:canary@h/x', 'concat:a|b', 'data:video/mp4;base64,AA', 'pipe:0', 'fd:3', 'lavfi:testsrc'],
    ...['rtsp://', 'rtsp:///path', 'rtsp:cam', 'rtsp://u:canary@cam/a b', 'rtsp://cam/\n-i', 'exec:rm'],
    ...[
      'rtmp://0.0.0.0/live?mode=listener',
      'srt://10.0.0.1:9?mode=listener&passphrase=short',
      'udp://0.0.0.0:1',
    ],
    ...['srt://host', 'udp://127.0.0.1', 'http://127.0.0.1/a?mode=listener', 'rtsp://name/?mode=listener'],
    ...['file://other-host/x', 'file://%00', '', 'a\0b', 'tcp://h:1', 'crypto:file', 'async:cache:x'],
  ]) {
    const refused = (error: unknown) =>
      error instanceof PosestreamError && error.code === 'E_SOURCE_URL' && !/canary/.test(error.message);
    assert.throws(() => parseSource(spec), refused, spec);
  }
});
