import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import { capture, type FfmpegTool, findFfmpeg } from './ffmpegTool.js';

export interface VideoInfo {
  /** Pixels as stored, before any display rotation. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Average rate; null where the file does not say. */
  readonly fps: number | null;
  readonly durationS: number | null;
  /** As the container counts them; null where it does not, or where ffprobe is absent. */
  readonly frames: number | null;
  /** Clockwise turn that a player applies: 0, 90, 180 or 270. */
  readonly rotationDeg: number;
  readonly codec: string;
}

/** What a file may be: containers only, none that names other files (playlists, concat lists, image patterns). */
const FILE_FORMATS =
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,nut,flv,asf,ogg,ivf,mjpeg,gif,mxf';

/** Input options for a local file: it can name no network, no other file, no playlist. */
export const FILE_INPUT: readonly string[] = [
  ...['-protocol_whitelist', 'file', '-format_whitelist', FILE_FORMATS],
];

/** The `file:` form that ffmpeg takes literally; a bare path such as `concat:a|b` would choose a protocol. */
export const fileInput = (path: string): string => `file:${resolve(path)}`;

/** Throws E_FILE_NOT_FOUND unless `path` is a regular file. */
export async function requireFile(path: string): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info?.isFile()) return;
  const what = info ? 'is not a regular file' : 'does not exist';
  throw new PosestreamError('E_FILE_NOT_FOUND', `${path} ${what}.`, { hint: 'Check the path.' });
}

/** Size, rate, length and rotation of a file's first video stream, from ffprobe or else from what ffmpeg prints.
 * Throws E_FILE_NOT_FOUND, E_SOURCE_FORMAT, E_FFMPEG_MISSING. */
export async function probeVideo(path: string): Promise<VideoInfo> {
  await requireFile(path);
  const tool = await findFfmpeg();
  const info = tool.ffprobePath ? await fromFfprobe(tool.ffprobePath, path) : await fromMessages(tool, path);
  if (info.widthPx < 64 || info.heightPx < 64)
    throw noVideo(path, `pictures of ${info.widthPx}x${info.heightPx}, at least 64x64 are needed`);
  return info;
}

const FIELDS =
  'codec_name,width,height,avg_frame_rate,nb_frames,duration:stream_tags=rotate:stream_side_data';

async function fromFfprobe(ffprobe: string, path: string): Promise<VideoInfo> {
  const show = ['-select_streams', 'v:0', '-show_entries', `stream=${FIELDS}:format=duration`, '-of', 'json'];
  const { stdout, stderr } = await capture(ffprobe, ['-v', 'error', ...FILE_INPUT, ...show, fileInput(path)]);
  const answer: unknown = JSON.parse(stdout.trim() || '{}');
  const { streams, format } = answer as FfprobeAnswer;
  const video = streams?.[0];
  if (!video?.width || !video.height) throw noVideo(path, lastLine(stderr));
  const turn = video.side_data_list?.find((data) => data.rotation !== undefined)?.rotation;
  return {
    widthPx: video.width,
    heightPx: video.height,
    fps: fraction(video.avg_frame_rate),
    durationS: positive(video.duration ?? format?.duration),
    frames: positive(video.nb_frames),
    rotationDeg: quarterTurn(turn === undefined ? Number(video.tags?.rotate ?? 0) : -turn),
    codec: video.codec_name ?? 'unknown',
  };
}

interface FfprobeAnswer {
  readonly streams?: readonly {
    readonly codec_name?: string;
    readonly width?: number;
    readonly height?: number;
    readonly avg_frame_rate?: string;
    readonly nb_frames?: string;
    readonly duration?: string;
    readonly tags?: { readonly rotate?: string };
    readonly side_data_list?: readonly { readonly rotation?: number }[];
  }[];
  readonly format?: { readonly duration?: string };
}

async function fromMessages(tool: FfmpegTool, path: string): Promise<VideoInfo> {
  const { stderr } = await capture(tool.path, [
    '-hide_banner',
    '-nostdin',
    ...FILE_INPUT,
    '-i',
    fileInput(path),
  ]);
  return readMessages(path, stderr);
}

/** Reads what `ffmpeg -i` says of a file. Throws E_SOURCE_FORMAT where it says nothing of a video. */
export function readMessages(path: string, stderr: string): VideoInfo {
  const video = /Stream #0:\d+.*?: Video: (\w+).*?, (\d{1,6})x(\d{1,6})\b(.*)/.exec(stderr);
  if (!video) throw noVideo(path, lastLine(stderr));
  const after = stderr.slice(video.index);
  const tag = /^\s+rotate\s*: (-?[\d.]+)/m.exec(after)?.[1];
  const matrix = /displaymatrix: rotation of (-?[\d.]+)/.exec(after)?.[1];
  const clock = /Duration: (\d+):(\d+):([\d.]+)/.exec(stderr);
  return {
    codec: video[1],
    widthPx: Number(video[2]),
    heightPx: Number(video[3]),
    fps: positive(/([\d.]+) fps/.exec(video[4])?.[1]),
    durationS: clock && Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]),
    frames: null,
    rotationDeg: quarterTurn(tag === undefined ? -Number(matrix ?? 0) : Number(tag)),
  };
}

function noVideo(path: string, why: string): PosestreamError {
  return new PosestreamError('E_SOURCE_FORMAT', `${path} holds no video that can be read: ${why}.`, {
    hint: 'Give a video file such as MP4, MKV, MOV, AVI or MPEG-TS.',
  });
}

/** The last thing a program said, without its address prefix. */
export function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() && !/^At least one output/.test(line.trim()));
  const last = lines.at(-1)?.trim() ?? 'it says nothing';
  return last.replace(/^\[[^\]]*\]\s*/, '').replace(/\.$/, '');
}

const quarterTurn = (deg: number): number => (((Math.round(deg / 90) * 90) % 360) + 360) % 360;

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}

function fraction(text: string | undefined): number | null {
  const [num, den] = (text ?? '').split('/').map(Number);
  return num > 0 && den > 0 ? num / den : null;
}
