import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Outcome, StageTimings } from '../domain/outcome.js';
import type { LoopWatch } from './loopDelay.js';
import type { SourceStatus } from './wire.js';

/** What a gateway tells Prometheus; every name is documented in docs/metrics.md. */
export interface Metrics {
  readonly outcome: (stream: string, outcome: Outcome, ageMs: number | null) => void;
  readonly source: (stream: string, status: SourceStatus) => void;
  /** A socket of a client is closed, with this code. */
  readonly clientClosed: (code: number) => void;
  /** A socket was refused with this HTTP status. */
  readonly clientRefused: (status: number) => void;
  /** Video came in from a client. */
  readonly ingested: (stream: string, bytes: number) => void;
  readonly workerRestarted: () => void;
  /** The text format, version 0.0.4. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/** Ages and stage times, s: from a frame's interval at 200 Hz to a pose that helps nobody. */
const BUCKETS_S = [0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2, 5];
const BUCKETS_CONFIDENCE = [0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99];
const STAGES: Readonly<Record<keyof StageTimings, string>> = {
  extractMs: 'extract',
  retrieveMs: 'retrieve',
  clusterMs: 'cluster',
  matchMs: 'match',
  solveMs: 'solve',
  smoothMs: 'smooth',
  totalMs: 'total',
};

export interface MetricsSources {
  readonly clients: () => number;
  readonly viewers: () => number;
  readonly foxgloveClients: () => number;
  readonly loop: Pick<LoopWatch, 'p99Ms' | 'isDegraded'>;
}

/** Close codes that are told apart; a client may send any. */
const CLOSE_CODES: ReadonlySet<number> = new Set([
  ...[1000, 1001, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1013],
]);

export function createMetrics({ clients, viewers, foxgloveClients, loop }: MetricsSources): Metrics {
  const registers = [new Registry()];
  const [registry] = registers;
  collectDefaultMetrics({ register: registry });
  const frames = new Counter({
    ...{ name: 'posestream_frames_total', help: 'Frames by what became of them.', registers },
    labelNames: ['stream', 'outcome', 'reason'],
  });
  const age = new Histogram({
    ...{ name: 'posestream_pose_age_seconds', help: 'Capture to outcome.', registers },
    ...{ labelNames: ['stream'], buckets: BUCKETS_S },
  });
  const stage = new Histogram({
    ...{ name: 'posestream_stage_seconds', help: 'Time per stage of a frame.', registers },
    ...{ labelNames: ['stream', 'stage'], buckets: BUCKETS_S },
  });
  const confidence = new Histogram({
    ...{ name: 'posestream_confidence', help: 'Confidence of published poses.', registers },
    ...{ labelNames: ['stream'], buckets: BUCKETS_CONFIDENCE },
  });
  const resets = new Gauge({
    ...{ name: 'posestream_reset_counter', help: 'Times a track was given up as wrong.', registers },
    labelNames: ['stream'],
  });
  const troubles = new Counter({
    ...{ name: 'posestream_source_events_total', help: 'Changes of a source by kind.', registers },
    labelNames: ['stream', 'kind'],
  });
  const up = new Gauge({
    ...{ name: 'posestream_source_up', help: '1 while the source streams.', registers },
    labelNames: ['stream'],
  });
  const closes = new Counter({
    ...{ name: 'posestream_client_closes_total', help: 'Closed sockets by code.', registers },
    labelNames: ['code'],
  });
  const refusals = new Counter({
    ...{ name: 'posestream_client_refusals_total', help: 'Refused sockets by HTTP status.', registers },
    labelNames: ['status'],
  });
  const ingest = new Counter({
    ...{ name: 'posestream_ingest_bytes_total', help: 'Bytes of video from clients.', registers },
    labelNames: ['stream'],
  });
  const restarts = new Counter({
    ...{ name: 'posestream_worker_restarts_total', help: 'Times a worker was started anew.', registers },
  });
  const lastKind = new Map<string, SourceStatus['kind']>();
  gaugeOf('posestream_clients', 'Open pose sockets.', clients);
  gaugeOf('posestream_viewers', 'Open picture sockets.', viewers);
  gaugeOf('posestream_foxglove_clients', 'Open Foxglove sockets.', foxgloveClients);
  gaugeOf(
    'posestream_loop_delay_p99_seconds',
    'Delay of the event loop, 99th percentile of ten seconds.',
    () => loop.p99Ms() / 1000,
  );
  gaugeOf('posestream_degraded', '1 while the event loop is too late.', () => (loop.isDegraded() ? 1 : 0));

  return {
    outcome: (stream, outcome, ageMs) => {
      frames.inc({ stream, outcome: outcome.kind, reason: reasonOf(outcome) });
      if (outcome.kind === 'dropped') return;
      if (ageMs !== null) age.observe({ stream }, ageMs / 1000);
      resets.set({ stream }, outcome.resetCounter);
      if (outcome.kind === 'posed') confidence.observe({ stream }, outcome.pose.confidence);
      for (const [key, name] of Object.entries(STAGES)) {
        const ms = outcome.timings[key as keyof StageTimings];
        if (ms !== undefined) stage.observe({ stream, stage: name }, ms / 1000);
      }
    },
    source: (stream, { kind }) => {
      // Told twice where both the source and who runs it know.
      if (lastKind.get(stream) !== kind) troubles.inc({ stream, kind });
      lastKind.set(stream, kind);
      up.set({ stream }, kind === 'streaming' ? 1 : 0);
    },
    clientClosed: (code) => closes.inc({ code: CLOSE_CODES.has(code) ? String(code) : 'other' }),
    clientRefused: (status) => refusals.inc({ status: String(status) }),
    ingested: (stream, bytes) => ingest.inc({ stream }, bytes),
    workerRestarted: () => restarts.inc(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };

  function gaugeOf(name: string, help: string, read: () => number): void {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  }
}

const reasonOf = (outcome: Outcome): string =>
  outcome.kind === 'posed' ? outcome.pose.source : outcome.reason;
