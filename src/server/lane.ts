import { setTimeout as delay } from 'node:timers/promises';
import { lastValueFrom, Subject, takeUntil } from 'rxjs';
import type { Camera } from '../domain/camera.js';
import type { PosestreamError } from '../domain/errors.js';
import { faultOf } from '../hfnet/protocol.js';
import type { Localizer } from '../operators/localizer.js';
import type { FrameSource } from '../streams/frameSource.js';
import { liveFrames } from '../streams/liveFrames.js';
import { type PushPort, pushPort } from '../streams/pushed.js';
import type { Report, Run, StreamSpec } from './bus.js';
import { createIntake, type Intake } from './intake.js';
import { runStream, type Since } from './runStream.js';
import type { SourceStatus } from './wire.js';

/** How a worker opens what a stream names. */
export type OpenSource = (
  spec: StreamSpec,
  given: {
    readonly localizer: Localizer;
    readonly signal: AbortSignal;
    readonly push: PushPort | undefined;
    readonly onStatus: (status: SourceStatus) => void;
  },
) => Promise<{ readonly frames: FrameSource; readonly camera: Camera }>;

export interface LaneOptions extends Run {
  readonly spec: StreamSpec;
  readonly localizer: () => Localizer;
  readonly openSource: OpenSource;
  readonly report: (report: Report) => void;
  readonly working: (isWorking: boolean) => void;
  /** Told what became of every frame that ran. */
  readonly onOutcome: (kind: 'good' | 'fault' | 'other') => void;
  readonly onFault: (error: PosestreamError) => void;
}

/** One run of a stream in the worker. */
export interface Lane {
  readonly intake: Intake | null;
  start(since: Since): void;
  wantPicture(): void;
  /** The source ends, frames under way have `FINISH_MS` to come out; then `over` has been reported. */
  close(): Promise<void>;
}

const FINISH_MS = 700;

/** Opens the source and reports `assigned` or `unassigned`; frames flow from `start` on. */
export function openLane(options: LaneOptions): Lane {
  const { stream, run, spec, report } = options;
  const push = spec.source === 'push:' ? pushPort() : undefined;
  const ended = new AbortController();
  const cut = new Subject<void>();
  let wantsPicture = false;
  let finished: Promise<unknown> = Promise.resolve();
  let isOver = false;

  const status = (status: SourceStatus): void => {
    if (!isOver) report({ kind: 'source', stream, run, status });
  };
  const over = (): void => {
    if (!isOver) report({ kind: 'over', stream, run });
    isOver = true;
  };
  const opened = options
    .openSource(spec, { ...{ localizer: options.localizer(), signal: ended.signal }, push, onStatus: status })
    .then((source) => {
      report({ kind: 'assigned', stream, run, camera: source.camera });
      return source.frames;
    })
    .catch((error: unknown) => {
      report({ kind: 'unassigned', stream, run, fault: faultOf(error) });
      return null;
    });
  const intake = push
    ? createIntake(push, {
        swallowed: (sender) => report({ kind: 'swallowed', stream, run, sender }),
        out: (sender, why) => report({ kind: 'senderOut', stream, run, sender, why }),
      })
    : null;

  async function flow(since: Since): Promise<void> {
    const frames = await opened;
    if (frames === null || ended.signal.aborted) return over();
    const sink = {
      status,
      working: options.working,
      arrived: (frame) => report({ kind: 'arrived', stream, run, frame }),
      outcome: (outcome, image) => {
        if (isOver) return;
        report({ kind: 'outcome', stream, run, outcome, image });
        const isFault = outcome.kind === 'dropped' && outcome.reason === 'fault';
        options.onOutcome(isFault ? 'fault' : outcome.kind === 'dropped' ? 'other' : 'good');
      },
      takesPicture: () => {
        const takes = wantsPicture;
        wantsPicture = false;
        return takes;
      },
    } satisfies Parameters<typeof runStream>[2];
    const outcomes = runStream(liveFrames(frames), options.localizer, sink, since, options.onFault);
    await lastValueFrom(outcomes.pipe(takeUntil(cut)), { defaultValue: null });
    over();
  }

  return {
    intake,
    start(since) {
      finished = flow(since);
    },
    wantPicture() {
      wantsPicture = true;
    },
    async close() {
      ended.abort();
      await Promise.race([finished, delay(FINISH_MS, undefined, { ref: false })]);
      cut.next();
      intake?.close();
      over();
    },
  };
}
