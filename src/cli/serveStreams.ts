import { availableParallelism } from 'node:os';
import { merge, type Observable } from 'rxjs';
import type { Camera } from '../domain/camera.js';
import type { Outcome } from '../domain/outcome.js';
import { readTextFile } from '../map/posedFolder.js';
import { nearestPose, sortTrajectory } from '../map/trajectory.js';
import { parseTum } from '../map/tum.js';
import { admit, overCapacity, usualMaxStreams } from '../server/admission.js';
import { withOutputs } from '../server/formats/outputs.js';
import { createGateway, type Gateway, type GatewayLimits, type GatewayStream } from '../server/gateway.js';
import { runStream } from '../server/runStream.js';
import type { SourceStatus as WireStatus } from '../server/wire.js';
import { systemClock } from '../streams/clock.js';
import type { FrameSource } from '../streams/frameSource.js';
import { liveFrames } from '../streams/liveFrames.js';
import { pushPort } from '../streams/pushed.js';
import type { SourceStatus } from '../streams/sourceStatus.js';
import { openInput } from './input.js';
import type { OpenLocalizer } from './openLocalizer.js';
import { type OutputsOptions, openOutputs } from './openOutputs.js';
import { streamNotes } from './streamNotes.js';
import { say } from './terminal.js';
import { packageVersion } from './version.js';

/** One camera as `serve` and `demo` describe it. */
export interface ServedStream {
  readonly id: string;
  /** A video file or an rtsp:// address. */
  readonly source: string;
  readonly intrinsics?: string;
  readonly realtime: boolean;
  readonly loop: boolean;
  readonly maxSidePx?: number;
  /** TUM trajectory; the page then shows the error against it. */
  readonly reference?: string;
}

export interface Listen extends OutputsOptions {
  readonly host?: string;
  readonly port: number;
  readonly token?: string;
  readonly origins?: readonly string[];
  readonly limits?: Partial<GatewayLimits> & { readonly maxStreams?: number };
}

export interface Serving {
  readonly gateway: Gateway;
  /** Every outcome of every stream; completes when all sources have ended. */
  readonly outcomes: Observable<Outcome>;
}

/** Opens the gateway and every stream into it. Sources start when `outcomes` is subscribed. */
export async function serveStreams(
  streams: readonly ServedStream[],
  listen: Listen,
  localizer: OpenLocalizer,
  signal: AbortSignal,
): Promise<Serving> {
  const maxStreams = listen.limits?.maxStreams ?? usualMaxStreams(availableParallelism());
  const { admitted, refused } = admit(streams, maxStreams);
  const opened = await Promise.all(
    admitted.map(async (stream) => ({ stream, ...(await open(stream, localizer, signal)) })),
  );
  const served = {
    map: localizer.map,
    model: localizer.engine.model,
    streams: [
      ...opened.map(({ stream, camera, ingest }) => ({ ...gatewayStream(stream, camera), ingest })),
      ...refused.map(({ id }) => ({ id })),
    ],
    serverVersion: packageVersion(),
  };
  const outputs = await openOutputs(listen, served);
  const gateway = withOutputs(
    await createGateway({ ...listen, ...served, onWarning: say }),
    outputs,
    systemClock.nowMs,
  );
  const note = streamNotes((line) => signal.aborted || say(line));
  const noting: Gateway = {
    ...gateway,
    publishStatus: (id, status) => {
      note(id, status);
      gateway.publishStatus(id, status);
    },
  };
  for (const { id } of refused) {
    const { code, message, hint } = overCapacity(id, maxStreams);
    noting.publishStatus(id, { kind: 'failed', code, message, hint });
  }
  const outcomes = merge(
    ...opened.map(({ stream, start }) => {
      const frames = start((status) => {
        if (status.kind !== 'ended') note(stream.id, status);
        gateway.publishStatus(stream.id, wireStatus(status));
      });
      return runStream(stream.id, liveFrames(frames), localizer, noting);
    }),
  );
  return { gateway, outcomes };
}

const DEFAULT_SIZE_PX = 640;

interface OpenedStream {
  readonly camera: Camera;
  readonly ingest?: GatewayStream['ingest'];
  readonly start: (tell: (status: SourceStatus) => void) => FrameSource;
}

async function open(
  stream: ServedStream,
  localizer: OpenLocalizer,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const { source, id, loop, intrinsics, realtime } = stream;
  const maxSidePx = stream.maxSidePx ?? Math.min(localizer.map.header.maxSidePx, DEFAULT_SIZE_PX);
  const push = source === 'push:' ? pushPort() : undefined;
  let tell: (status: SourceStatus) => void = () => undefined;
  const { frames, camera } = await openInput(source, {
    ...{ intrinsics, maxSidePx, stream: id, loop, signal, push, map: localizer.map },
    clock: realtime ? systemClock : undefined,
    onStatus: (status) => tell(status),
  });
  return {
    camera,
    ingest: push?.attach,
    start: (listener) => {
      tell = listener;
      return frames;
    },
  };
}

function wireStatus(status: SourceStatus): WireStatus {
  return status.kind === 'retrying'
    ? { kind: 'retrying', attempt: status.attempt, inMs: status.inMs }
    : { kind: status.kind };
}

function gatewayStream(stream: ServedStream, camera: GatewayStream['camera']): GatewayStream {
  if (stream.reference === undefined) return { id: stream.id, camera };
  const path = stream.reference;
  const truth = sortTrajectory(parseTum(readTextFile(path), path), path);
  return {
    id: stream.id,
    camera,
    truth: (frame) => nearestPose(truth, frame.timestampS)?.worldFromCam ?? null,
  };
}
