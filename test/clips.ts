import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Camera } from '../src/domain/camera.js';

/** Small clips made on the spot by the ffmpeg under test's elder sibling on the PATH. */

const shared = process.env.POSESTREAM_SHARED ?? fileURLToPath(new URL('../../shared', import.meta.url));

/** A file of the real sets, or null where they are not on this machine. */
export function sharedFile(path: string): string | null {
  const full = join(shared, 'data', path);
  return existsSync(full) ? full : null;
}

/** A folder that is gone after the tests of this file. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const hasFfmpeg = canRun('ffmpeg') && canRun('ffprobe');

function canRun(program: string): boolean {
  try {
    execFileSync(program, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}

/** A moving test picture as H.264 with B-frames. */
export function makeClip(
  path: string,
  size: string,
  seconds: number,
  fps: number,
  ...extra: string[]
): string {
  const source = `testsrc2=size=${size}:rate=${fps}:duration=${seconds}`;
  ffmpeg('-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', '-preset', 'veryfast', ...extra, path);
  return path;
}

export function pinhole(widthPx: number, heightPx: number, f = 500): Camera {
  return { model: 'PINHOLE', params: [f, f, widthPx / 2, heightPx / 2], widthPx, heightPx };
}

/** Timestamps of every frame as ffprobe says, exact fractions divided once. */
export function probedTimesS(path: string): number[] {
  const show = ['-select_streams', 'v:0', '-show_entries', 'frame=pts:stream=time_base', '-of', 'json'];
  const text = execFileSync('ffprobe', ['-v', 'error', ...show, path], { maxBuffer: 1 << 26 });
  const { frames, streams } = JSON.parse(String(text)) as {
    frames: { pts: number }[];
    streams: { time_base: string }[];
  };
  const [num, den] = streams[0].time_base.split('/').map(Number);
  return frames.map(({ pts }) => (pts * num) / den);
}

/** True while a process of this id exists, a zombie included. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
