import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exactTimeOptions,
  type FfmpegTool,
  findFfmpeg,
  keepSizeOptions,
  rtspTimeoutOption,
} from './ffmpegTool.js';

const version = (major: number, minor: number): FfmpegTool => ({
  ...{ path: 'ffmpeg', ffprobePath: null, version: 'n', avcodec: [major, minor] as const },
});

test('options follow the version', () => {
  const of = (major: number, minor: number) => {
    const tool = version(major, minor);
    return [...exactTimeOptions(tool), ...keepSizeOptions(tool), rtspTimeoutOption(tool)].join(' ');
  };
  assert.equal(of(58, 42), '-vsync passthrough -enc_time_base -1 -stimeout');
  assert.equal(of(58, 134), '-vsync passthrough -enc_time_base -1 -autoscale 0 -stimeout');
  assert.equal(of(59, 37), '-fps_mode passthrough -enc_time_base -1 -autoscale 0 -timeout');
  assert.equal(of(61, 19), '-fps_mode passthrough -enc_time_base demux -autoscale 0 -timeout');
});

test('falls back to the build that comes with the package, and names what is missing', async (t) => {
  const tool = await findFfmpeg({ PATH: '' }).catch(() => null);
  if (!tool) return t.skip('no bundled ffmpeg for this platform');
  assert.match(tool.path, /ffmpeg-installer/);
  await assert.rejects(findFfmpeg({ FFMPEG_PATH: '/nowhere/ffmpeg', PATH: '' }), {
    code: 'E_FFMPEG_MISSING',
  });
});
