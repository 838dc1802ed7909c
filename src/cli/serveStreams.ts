import { dirname, join } from 'node:path';
import { merge, type Observable } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Outcome } from '../domain/outcome.js';
import { readTextFile } from '../map/posedFolder.js';
import { nearestPose, sortTrajectory } from '../map/trajectory.js';
import { parseTum } from '../map/tum.js';
import { createGateway, type Gateway, type GatewayLimits, type GatewayStream } from '../server/gateway.js';
import { runStream } from '../server/runStream.js';
import { systemClock } from '../streams/clock.js';
import { liveFrames } from '../streams/liveFrames.js';
import { openRtsp } from '../streams/rtsp.js';
import { openInput, readIntrinsics } from './input.js';
import type { OpenLocalizer } from './openLocalizer.js';
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

export interface Listen {
  readonly host?: string;
  readonly port: number;
  readonly token?: string;
  readonly limits?: Partial<GatewayLimits>;
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
  const opened = await Promise.all(
    streams.map(async (stream) => ({ stream, ...(await open(stream, localizer, signal)) })),
  );
  const gateway = await createGateway({
    ...listen,
    map: localizer.map,
    model: localizer.engine.model,
    streams: opened.map(({ stream, camera }) => gatewayStream(stream, camera)),
    serverVersion: packageVersion(),
    onWarning: (message) => process.stderr.write(`${message}\n`),
  });
  const outcomes = merge(
    ...opened.map(({ stream, frames }) => runStream(stream.id, liveFrames(frames), localizer, gateway)),
  );
  return { gateway, outcomes };
}

const DEFAULT_SIZE_PX = 640;

async function open(stream: ServedStream, localizer: OpenLocalizer, signal: AbortSignal) {
  const maxSidePx = stream.maxSidePx ?? Math.min(localizer.map.header.maxSidePx, DEFAULT_SIZE_PX);
  const camera = readIntrinsics(stream.intrinsics ?? besideSource(stream));
  if (isUrl(stream.source))
    return { camera, frames: openRtsp(stream.source, { camera, maxSidePx, stream: stream.id, signal }) };
  const { frames } = await openInput(stream.source, {
    intrinsics: stream.intrinsics,
    maxSidePx,
    stream: stream.id,
    loop: stream.loop,
    clock: stream.realtime ? systemClock : undefined,
    signal,
  });
  return { camera, frames };
}

export const isUrl = (source: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(source);

function besideSource({ id, source }: ServedStream): string {
  if (!isUrl(source)) return join(dirname(source), 'intrinsics.json');
  throw new PosestreamError('E_CONFIG', `Stream '${id}' has no intrinsics.`, {
    hint: 'A camera address says nothing of its lens: give intrinsics: camera.json.',
  });
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
