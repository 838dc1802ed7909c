import type { WorldFromCam } from '../../domain/rigid.js';
import type { Gateway, GatewayOptions, GatewayStream } from '../gateway.js';
import type { Change, OpenRecording, RecordedEntry } from './readRecording.js';
import type { RecordingInfo } from './recordingInfo.js';

export interface Replay {
  /** What a gateway must be opened with to say what was said then, as of then. */
  readonly gatewayOptions: Pick<GatewayOptions, 'map' | 'model' | 'streams' | 'nowMs'>;
  /** Publishes everything at the pace it was recorded with; resolves at the end or when the signal aborts. */
  readonly play: (gateway: Gateway, signal: AbortSignal) => Promise<void>;
}

export interface ReplayOptions {
  /** Seconds of the recording a second; Infinity does not wait. */
  readonly rate: number;
  readonly monotonicMs: () => number;
}

/** A recording as a source of outcomes. The gateway's clock is the recording's, so ages are what they were. */
export function createReplay(recording: OpenRecording, { rate, monotonicMs }: ReplayOptions): Replay {
  const { info, map, entries } = recording;
  const truths = new Map<string, WorldFromCam | null>();
  let entryMs = 0;
  let start: { readonly entryMs: number; readonly atMs: number } | null = null;

  const playedMs = (): number => (start === null ? 0 : (monotonicMs() - start.atMs) * rate);
  const nowMs = (): number =>
    start === null || !Number.isFinite(rate) ? entryMs : Math.max(entryMs, start.entryMs + playedMs());

  async function wait(signal: AbortSignal): Promise<void> {
    start ??= { entryMs, atMs: monotonicMs() };
    const aheadMs = (entryMs - start.entryMs - playedMs()) / rate;
    if (aheadMs > 0) await pause(aheadMs, signal);
  }

  function publish(gateway: Gateway, entry: RecordedEntry): void {
    if (entry.kind === 'change') change(gateway, entry.change);
    else if (entry.kind === 'source') gateway.publishStatus(entry.stream, entry.status);
    else {
      const { stream } = entry.outcome.frame;
      truths.set(stream, entry.truth);
      gateway.publishOutcome(stream, entry.outcome);
    }
  }

  function change(gateway: Gateway, change: Change): void {
    if (change.kind === 'map') gateway.setMap(change.map);
    else if (change.kind === 'stream') gateway.addStream(streamOf(change.stream));
    else if (gateway.has(change.id)) gateway.removeStream(change.id);
  }

  const streamOf = ({ hasTruth, ...stream }: RecordingInfo['streams'][number]): GatewayStream => ({
    ...stream,
    ...(hasTruth ? { truth: () => truths.get(stream.id) ?? null } : {}),
  });
  const streams = info.streams.map(streamOf);
  const isOfNobody = (gateway: Gateway, entry: RecordedEntry): boolean =>
    entry.kind !== 'change' &&
    !gateway.has(entry.kind === 'source' ? entry.stream : entry.outcome.frame.stream);

  return {
    gatewayOptions: { map, model: info.model, streams, nowMs },
    async play(gateway, signal) {
      for await (const entry of entries) {
        if (isOfNobody(gateway, entry)) continue;
        entryMs = Number(entry.timeNs) / 1e6;
        await wait(signal);
        if (signal.aborted) return;
        publish(gateway, entry);
      }
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
