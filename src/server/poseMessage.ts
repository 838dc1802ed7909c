import type { FrameId } from '../domain/frame.js';
import type { MapHeader } from '../domain/mapModel.js';
import type { Lost, Posed, SmoothPose } from '../domain/outcome.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { angleBetween, distanceBetween } from '../geometry/rigid.js';
import type { Item } from './delivery.js';
import { encodedWithAge } from './encoding.js';
import { wgs84OfEnu } from './wgs84.js';
import type { Counters, LostMessage, PosedMessage } from './wire.js';

const DEG_PER_RAD = 180 / Math.PI;
/** As old as a pose may be on its way to a client. */
const POSE_LIFESPAN_MS = 500;

/** Capture to now, ms; null where the capture time is on a file's own time line. */
export function captureAgeMs(frame: FrameId, nowMs: number): number | null {
  return frame.captureClock === 'media' ? null : nowMs - frame.captureMs;
}

export interface PoseContext {
  readonly counters: Counters;
  readonly mapSha256: string;
  readonly modelSha256: string;
  readonly anchor: MapHeader['anchor'];
  /** Whether fixes come often enough for a flight controller. */
  readonly evRateOk: boolean;
  /** Reference pose of this frame in the map's frame; null where there is none. */
  readonly truth: WorldFromCam | null;
}

/** All of a pose message but its age, which is known only when it is sent. */
export type AgelessPose = Omit<PosedMessage, 'ageMs'> | Omit<LostMessage, 'ageMs'>;

/** An outcome in the words of the wire. */
export function poseMessageOf(outcome: Posed | Lost, context: PoseContext): AgelessPose {
  return outcome.kind === 'posed' ? posedMessage(outcome, context) : lostMessage(outcome, context);
}

/** A pose message with its age, to a tenth of a millisecond; the long part is written once for all clients. */
export function poseEncoder(message: AgelessPose, frame: FrameId): Item['encode'] {
  const encoded = encodedWithAge(message);
  return (nowMs, encoding = 'json') => {
    const ageMs = captureAgeMs(frame, nowMs);
    return encoded(ageMs === null ? null : Math.round(10 * ageMs) / 10, encoding);
  };
}

function posedMessage(outcome: Posed, context: PoseContext): Omit<PosedMessage, 'ageMs'> {
  const { pose, smooth } = outcome;
  const { truth, anchor } = context;
  return {
    ...frameFields(outcome, context),
    state: 'posed',
    source: pose.source,
    ...transformOf(pose.worldFromCam),
    frameId: 'map',
    validUntilMs: outcome.frame.captureMs + POSE_LIFESPAN_MS,
    covariance: finiteRows(pose.covariance),
    confidence: pose.confidence,
    inliers: pose.inliers,
    matches: pose.matches,
    coverage: pose.coverage,
    reprojectionRmsPx: pose.reprojectionRmsPx,
    ...(smooth ? { smooth: smoothOf(smooth) } : {}),
    ...(anchor ? { wgs84: wgs84OfEnu(pose.worldFromCam.t, anchor) } : {}),
    ...(truth ? { error: errorOf(pose.worldFromCam, truth) } : {}),
  };
}

function lostMessage(outcome: Lost, context: PoseContext): Omit<LostMessage, 'ageMs'> {
  return {
    ...frameFields(outcome, context),
    state: 'lost',
    reason: outcome.reason,
    detail: outcome.detail,
    ...(outcome.coarse ? { coarse: transformOf(outcome.coarse) } : {}),
  };
}

function smoothOf({ worldFromCam, covariance }: SmoothPose) {
  return { ...transformOf(worldFromCam), covariance: finiteRows(covariance) };
}

function frameFields(outcome: Posed | Lost, context: PoseContext) {
  const { frame, timings, state, resetCounter, retrieved, warning } = outcome;
  return {
    type: 'pose' as const,
    stream: frame.stream,
    epoch: frame.epoch,
    sequence: frame.sequence,
    timestampS: frame.timestampS,
    captureMs: frame.captureMs,
    clock: frame.captureClock,
    timings: { ...timings },
    counters: context.counters,
    mapSha256: context.mapSha256,
    modelSha256: context.modelSha256,
    track: state,
    resetCounter,
    retrieved,
    evRateOk: context.evRateOk,
    ...(warning ? { warning } : {}),
    ...(context.truth ? { truth: transformOf(context.truth) } : {}),
  };
}

function transformOf(pose: WorldFromCam) {
  const position: [number, number, number] = [...pose.t];
  const orientation: [number, number, number, number] = [...pose.q];
  return { position, orientation };
}

function errorOf(estimate: WorldFromCam, truth: WorldFromCam) {
  return { m: distanceBetween(estimate, truth), deg: angleBetween(estimate, truth) * DEG_PER_RAD };
}

/** JSON has no NaN: a covariance with an unknown entry is unknown. */
function finiteRows(covariance: Float64Array | null): number[] | null {
  return covariance?.every(Number.isFinite) ? Array.from(covariance) : null;
}
