import assert from 'node:assert/strict';
import type { FrameId } from '../../src/domain/frame.js';
import type { OpenInput } from '../../src/streams/liveInput.js';
import { liveInput } from '../../src/streams/liveKinds.js';
import { type LiveOptions, openLive } from '../../src/streams/liveSource.js';
import type { SourceStatus } from '../../src/streams/sourceStatus.js';
import { type LiveAddress, parseSource } from '../../src/streams/sourceUrl.js';
import { pinhole } from '../clips.js';

export const inputOf = (url: string): OpenInput => liveInput(parseSource(url) as LiveAddress);

/** What a test saw of a live source so far. */
export interface Run {
  readonly frames: Seen[];
  readonly statuses: SourceStatus[];
  readonly kinds: string[];
  readonly pids: number[];
  readonly lines: string[];
}

export interface Seen extends FrameId {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly focalPx: number;
  readonly reject?: string;
  /** When it was in the test's hands, ms since the Unix epoch. */
  readonly atMs: number;
}

const LONGEST_MS = 60_000;

/** Takes frames until `isEnough` says so, asked after every frame and every status; fails after a minute.
 * Checks on the way that epochs never fall and that sequences count without a gap. */
export async function runSource(
  open: OpenInput,
  isEnough: (run: Run) => boolean,
  options: Partial<LiveOptions> = {},
): Promise<Run> {
  const run: Run = { frames: [], statuses: [], kinds: [], pids: [], lines: [] };
  const over = new AbortController();
  let isDone = false;
  const look = (): void => {
    isDone ||= isEnough(run);
    if (isDone) over.abort();
  };
  const late = setTimeout(() => over.abort(), LONGEST_MS);
  const source = openLive(open, {
    ...{
      camera: pinhole(320, 180),
      maxSidePx: 320,
      random: () => 0,
      firstFrameMs: 20_000,
      ...options,
      signal: over.signal,
    },
    onStart: (pid) => run.pids.push(pid),
    onLine: (line) => run.lines.push(line),
    onStatus: (status) => {
      run.statuses.push(status);
      run.kinds.push(status.kind);
      options.onStatus?.(status);
      look();
    },
  });
  try {
    for await (const { pixels, camera, release, ...id } of source) {
      assert.equal(pixels.length, camera.widthPx * camera.heightPx);
      release();
      const before = run.frames.at(-1);
      assert.ok(before === undefined || id.epoch >= before.epoch);
      assert.equal(id.sequence, before?.epoch === id.epoch ? before.sequence + 1 : 0);
      const { widthPx, heightPx, params } = camera;
      run.frames.push({ ...id, widthPx, heightPx, focalPx: params[0], atMs: Date.now() });
      look();
    }
  } finally {
    clearTimeout(late);
  }
  assert.ok(isDone, `after ${run.frames.length} frames: ${run.kinds.slice(-20).join(' ')}`);
  return run;
}
