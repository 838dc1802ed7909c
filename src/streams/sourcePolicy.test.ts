import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PosestreamError } from '../domain/errors.js';
import { isInnerAddress, isLoopbackHost } from './hosts.js';
import { checkPolicy } from './sourcePolicy.js';
import { parseSource } from './sourceUrl.js';

const root = mkdtempSync(join(tmpdir(), 'posestream-policy-'));
after(() => rmSync(root, { recursive: true, force: true }));
for (const name of ['allowed', 'allowed-too', 'other']) mkdirSync(join(root, name));
for (const name of ['allowed/a.mp4', 'allowed-too/c.mp4', 'other/b.mp4'])
  writeFileSync(join(root, name), 'x');
symlinkSync(join(root, 'other/b.mp4'), join(root, 'allowed/link.mp4'));

const strict = {
  fileRoots: [join(root, 'allowed')],
  allowPrivateHosts: false,
  allowLocalDevices: false,
};
const isRefused = (error: unknown) => error instanceof PosestreamError && error.code === 'E_SOURCE_URL';

test('files only below the folders named, links followed', async () => {
  await checkPolicy(parseSource(join(root, 'allowed/a.mp4')), strict);
  await checkPolicy(parseSource(join(root, 'other/../allowed/a.mp4')), strict);
  for (const name of [
    'other/b.mp4',
    'allowed/../other/b.mp4',
    'allowed/link.mp4',
    'allowed-too/c.mp4',
    'none',
  ])
    await assert.rejects(checkPolicy(parseSource(join(root, name)), strict), isRefused, name);
});

test('private addresses, devices and listeners only where allowed', async () => {
  const inner = ['rtsp://127.0.0.1/a', 'rtsp://[::1]/a', 'http://169.254.169.254/x.m3u8', 'srt://10.1.2.3:9'];
  const local = ['/dev/video0', 'udp://127.0.0.1:9', 'rtmp://127.0.0.1/a?mode=listener'];
  for (const spec of [...inner, ...local, 'rtsp://localhost/a', 'rtsp://[::ffff:10.0.0.1]/a'])
    await assert.rejects(checkPolicy(parseSource(spec), strict), isRefused, spec);
  for (const spec of inner) await checkPolicy(parseSource(spec), { ...strict, allowPrivateHosts: true });
  for (const spec of local) await checkPolicy(parseSource(spec), { ...strict, allowLocalDevices: true });
  await checkPolicy(parseSource('rtsp://8.8.8.8/a'), strict);
});

test('what is inner and what is loopback', () => {
  for (const a of [
    '10.0.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fe80::1',
    'fd00::1',
  ])
    assert.ok(isInnerAddress(a), a);
  for (const a of ['8.8.8.8', '172.32.0.1', '2001:4860:4860::8888']) assert.ok(!isInnerAddress(a), a);
  assert.ok(isLoopbackHost('localhost') && isLoopbackHost('127.9.9.9') && isLoopbackHost('[::1]'));
  assert.ok(!isLoopbackHost('10.0.0.1') && !isLoopbackHost('localhost.evil'));
});
