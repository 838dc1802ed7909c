import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { lastValueFrom, toArray } from 'rxjs';
import { demoMap } from '../src/cli/demoMap.js';
import { DEFAULT_MODEL, openLocalizer } from '../src/cli/openLocalizer.js';
import type { Frame } from '../src/domain/frame.js';
import type { Outcome } from '../src/domain/outcome.js';
import { angleBetween, distanceBetween } from '../src/geometry/rigid.js';
import { createRandom } from '../src/kernels/random.js';
import { parseIntrinsics } from '../src/map/intrinsics.js';
import { readTextFile } from '../src/map/posedFolder.js';
import { nearestPose } from '../src/map/trajectory.js';
import { parseTum, type TimedPose } from '../src/map/tum.js';
import type { LiveInput } from '../src/streams/liveInput.js';
import { openLive } from '../src/streams/liveSource.js';
import { localizeRecording } from '../src/streams/localize.js';

/** What poses come of damaged H.264, with the guard that asks more of suspect frames and without: bits turned over
 * (`-bsf:v noise`), transport packets lost one by one and in cuts of half a second and of three, at several amounts, on a town drive whose
 * true poses are known. Once with a key frame every two seconds, as cameras send them, once with the drive's own, 17 s apart.
 *
 *     npx tsx bench/damagedVideo.ts [frames] [only rows with this in their name]
 */
const FRAMES = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
const ONLY = process.argv[3] ?? '';
const TOWN = fileURLToPath(new URL('../fixtures/town/', import.meta.url));
const DRIVE = join(TOWN, 'day-other-lane');
const scratch = mkdtempSync(join(tmpdir(), 'posestream-damaged-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** The drive as a transport stream. */
function stream(name: string, ...codec: string[]): string {
  const path = join(scratch, `${name}.ts`);
  const input = ['-i', join(DRIVE, 'video.mp4')];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, ...codec, path]);
  return path;
}

/** Roughly one byte in `amount` is changed. */
function noisy(whole: string, amount: number): string {
  const path = `${whole}.noise${amount}.ts`;
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-i',
    whole,
    '-c',
    'copy',
    '-bsf:v',
    `noise=amount=${amount}`,
    path,
  ]);
  return path;
}

const PACKET = 188;
/** Left whole, so that the stream can be opened. */
const FIRST_PACKETS = 20;

function without(whole: string, name: string, isLost: (share: number) => boolean): string {
  const bytes = readFileSync(whole);
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PACKET)
    if (at < FIRST_PACKETS * PACKET || !isLost(at / bytes.length)) kept.push(bytes.subarray(at, at + PACKET));
  const path = `${whole}.${name}.ts`;
  writeFileSync(path, Buffer.concat(kept));
  return path;
}

/** This share of the transport packets is missing. */
function lossy(whole: string, share: number): string {
  const { uniform } = createRandom(5);
  return without(whole, `loss${share}`, () => uniform() < share);
}

const DRIVE_S = 260 / 15;

/** Half a second is missing of every third. */
const cut = (whole: string): string => without(whole, 'cut', (share) => (share * DRIVE_S) % 3 > 2.5);

/** Three seconds are missing of every eight: more than time may jump within an epoch. */
const longCut = (whole: string): string => without(whole, 'longCut', (share) => (share * DRIVE_S) % 8 > 5);

const intrinsics = join(DRIVE, 'intrinsics.json');
const camera = parseIntrinsics(readTextFile(intrinsics), intrinsics);

/** Frames as the live source gives them, decoder and all, at the drive's own pace. */
async function received(path: string, most = FRAMES): Promise<Frame[]> {
  const open = (): LiveInput => ({
    ...{ label: path, input: path, isListener: false, clock: 'media' },
    inputOptions: ['-f', 'mpegts', '-flags', 'low_delay', '-threads', '1', '-re', '-copyts'],
  });
  const over = new AbortController();
  const frames: Frame[] = [];
  const onStatus = ({ kind }: { readonly kind: string }) => {
    if (kind === 'retrying') over.abort();
  };
  const options = { camera, maxSidePx: 640, signal: over.signal, onStatus };
  for await (const frame of openLive(open, options)) {
    frames.push({ ...frame, pixels: frame.pixels.slice(), release: () => undefined });
    frame.release();
    if (frames.length >= most) break;
  }
  return frames;
}

const localizer = await openLocalizer({
  mapPath: await demoMap(join(TOWN, 'day-map'), new AbortController().signal),
  modelPath: DEFAULT_MODEL,
});
const truthPath = join(DRIVE, 'poses.tum');
const truth = parseTum(readTextFile(truthPath), truthPath);
const own = stream('own', '-c', 'copy');
const usual = stream('usual', '-c:v', 'libx264', '-crf', '23', '-bf', '0', '-g', '30', '-pix_fmt', 'yuv420p');

/** The same under the drive's own time: a transport stream starts later than the file it came from. */
async function receivedAsOf(path: string, startS: number): Promise<Frame[]> {
  const frames = await received(path);
  return frames.map((frame) => ({ ...frame, timestampS: frame.timestampS - startS + truth[0].timeS }));
}

const startOf = async (whole: string): Promise<number> => (await received(whole, 1))[0].timestampS;

const WRONG_M = 0.5;
const WRONG_DEG = 5;

function isWrong(outcome: Outcome, poses: readonly TimedPose[]): boolean {
  if (outcome.kind !== 'posed') return false;
  const right = nearestPose(poses, outcome.frame.timestampS);
  if (right === null) return false;
  const { worldFromCam } = outcome.pose;
  const deg = (180 / Math.PI) * angleBetween(right.worldFromCam, worldFromCam);
  return distanceBetween(right.worldFromCam, worldFromCam) > WRONG_M || deg > WRONG_DEG;
}

/** Right for a picture up to a second older or newer: what a decoder patches with, or puts out of order. */
function isOfAnotherTime({ frame, ...outcome }: Outcome): boolean {
  const at = (shift: number) => ({ ...frame, timestampS: frame.timestampS + shift / 15 });
  const shifts = Array.from({ length: 31 }, (_, k) => k - 15);
  return shifts.some((shift) => !isWrong({ ...outcome, frame: at(shift) } as Outcome, truth));
}

function medianErrorM(outcomes: readonly Outcome[]): string {
  const errors = outcomes.flatMap((outcome) => {
    const right = nearestPose(truth, outcome.frame.timestampS);
    return outcome.kind === 'posed' && right !== null
      ? [distanceBetween(right.worldFromCam, outcome.pose.worldFromCam)]
      : [];
  });
  return `${errors.sort((a, b) => a - b)[errors.length >> 1]?.toFixed(2) ?? '-'} m`;
}

async function row(name: string, frames: readonly Frame[], mode: 'frame' | 'sequence'): Promise<void> {
  const outcomes = await lastValueFrom(
    localizeRecording(Readable.from(frames), localizer, mode).pipe(toArray()),
  );
  const wrong = outcomes.filter((outcome) => isWrong(outcome, truth));
  const confident = wrong.filter((o) => o.kind === 'posed' && o.pose.confidence >= 0.5).length;
  const shifted = wrong.filter(isOfAnotherTime).length;
  const posed = outcomes.filter(({ kind }) => kind === 'posed').length;
  const suspect = frames.filter(({ isSuspect }) => isSuspect).length;
  console.log(
    `${name.padEnd(44)} ${mode.padEnd(9)} ${frames.length} frames, ${suspect} suspect, ${posed} posed, ${wrong.length} wrong (median ${medianErrorM(wrong)}; ${shifted} right for another moment), ${confident} with confidence 0.5 and more`,
  );
}

async function rows(name: string, path: string, startS: number): Promise<void> {
  if (!name.includes(ONLY)) return;
  const frames = await receivedAsOf(path, startS);
  const trusting = frames.map(({ isSuspect, ...frame }) => frame);
  await row(`${name}, no guard`, trusting, 'sequence');
  for (const mode of ['frame', 'sequence'] as const) await row(`${name}, guard`, frames, mode);
}

for (const [name, whole] of [
  ['key frame every 2 s', usual],
  ['every 17 s', own],
] as const) {
  const startS = await startOf(whole);
  await row(`${name}: clean`, await receivedAsOf(whole, startS), 'sequence');
  for (const amount of [100_000, 10_000, 1000])
    await rows(`${name}: noise 1/${amount}`, noisy(whole, amount), startS);
  for (const share of [0.01, 0.05]) await rows(`${name}: loss ${100 * share} %`, lossy(whole, share), startS);
  await rows(`${name}: cuts`, cut(whole), startS);
  await rows(`${name}: long cuts`, longCut(whole), startS);
}
await localizer.close();
