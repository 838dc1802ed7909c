import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { PosestreamError } from '../domain/errors.js';

/** A decoder that was found, and what its version calls things. */
export interface FfmpegTool {
  readonly path: string;
  /** Beside it or on the PATH; null where there is none. */
  readonly ffprobePath: string | null;
  readonly version: string;
  /** libavcodec's [major, minor]: the one number that also tells nightly builds apart. */
  readonly avcodec: readonly [number, number];
}

export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const HINT = 'Install ffmpeg (apt-get install ffmpeg), or set FFMPEG_PATH to the program.';
const EXE = process.platform === 'win32' ? '.exe' : '';
const CAPTURE_LIMIT = { timeout: 15_000, killSignal: 'SIGKILL', maxBuffer: 1 << 22 } as const;
const found = new Map<string, Promise<FfmpegTool>>();

/** Looks at FFMPEG_PATH, then the PATH, then the build that came with the package. Found once per process and
 * environment. Throws E_FFMPEG_MISSING. */
export function findFfmpeg(env: NodeJS.ProcessEnv = process.env): Promise<FfmpegTool> {
  const key = `${env.FFMPEG_PATH ?? ''}\n${env.FFPROBE_PATH ?? ''}\n${env.PATH ?? ''}`;
  const known = found.get(key) ?? locate(env);
  found.set(key, known);
  known.catch(() => found.delete(key));
  return known;
}

async function locate(env: NodeJS.ProcessEnv): Promise<FfmpegTool> {
  const wanted = env.FFMPEG_PATH;
  const path = wanted || (await onPath('ffmpeg', env)) || (await bundledFfmpeg());
  if (!path) throw new PosestreamError('E_FFMPEG_MISSING', 'No ffmpeg was found.', { hint: HINT });
  const { code, stdout } = await capture(path, ['-hide_banner', '-version']);
  const avcodec = /libavcodec\s+(\d+)\.\s*(\d+)/.exec(stdout);
  if (code !== 0 || !avcodec)
    throw new PosestreamError('E_FFMPEG_MISSING', `${path} does not answer as ffmpeg does.`, { hint: HINT });
  const version = /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  const ffprobePath = await probeFor(path, env);
  return { path, ffprobePath, version, avcodec: [Number(avcodec[1]), Number(avcodec[2])] };
}

/** Path of the build that the package carries; null on platforms without one. */
export async function bundledFfmpeg(): Promise<string | null> {
  try {
    const installer = await import('@ffmpeg-installer/ffmpeg');
    return (await isProgram(installer.default.path)) ? installer.default.path : null;
  } catch {
    return null;
  }
}

async function probeFor(ffmpegPath: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const beside = join(dirname(ffmpegPath), `ffprobe${EXE}`);
  const candidates = [env.FFPROBE_PATH, beside, await onPath('ffprobe', env)];
  for (const path of candidates) if (path && (await isProgram(path))) return path;
  return null;
}

async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name + EXE);
    if (folder && (await isProgram(path))) return path;
  }
  return null;
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Runs a program that prints little, to its end or for 15 s. A program that cannot be started has code 127. */
export function capture(path: string, args: readonly string[]): Promise<Captured> {
  return new Promise((resolve) => {
    const child = execFile(path, args, CAPTURE_LIMIT, (error, stdout, stderr) => {
      const code = !error ? 0 : typeof error.code === 'number' ? error.code : 127;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end();
  });
}

const atLeast = (tool: FfmpegTool, major: number, minor: number): boolean =>
  tool.avcodec[0] > major || (tool.avcodec[0] === major && tool.avcodec[1] >= minor);

/** Output options that keep every frame and its own time: none repeated, none dropped, no rounding to a rate. */
export function exactTimeOptions(tool: FfmpegTool): string[] {
  const mode = atLeast(tool, 59, 37) ? '-fps_mode' : '-vsync';
  const timeBase = atLeast(tool, 60, 31) ? 'demux' : '-1';
  return [mode, 'passthrough', '-enc_time_base', timeBase];
}

/** Output options under which a picture size that changes on the way shows, instead of being squeezed to the first
 * one. Versions before 4.4 always squeeze. */
export function keepSizeOptions(tool: FfmpegTool): string[] {
  return atLeast(tool, 58, 134) ? ['-autoscale', '0'] : [];
}

/** Whether RTCP sender reports reach an output: since 4.4. */
export const tellsSenderTime = (tool: FfmpegTool): boolean => atLeast(tool, 58, 134);

/** Whether a filter can tell of key frames at once: since 4.4. */
export const tellsKeyFrames = (tool: FfmpegTool): boolean => atLeast(tool, 58, 134);

/** Name of the option for RTSP's socket timeout, in microseconds. */
export function rtspTimeoutOption(tool: FfmpegTool): string {
  return tool.avcodec[0] >= 59 ? '-timeout' : '-stimeout';
}
