import type { Camera } from '../../domain/camera.js';
import type { Outcome } from '../../domain/outcome.js';
import type { encodeMapGeometry } from '../mapGeometry.js';
import { type Channel, MAP_POINTS, type StreamChannel, streamChannel } from './channels.js';
import {
  cameraCalibration,
  compressedImage,
  frameTransform,
  imageAnnotations,
  logOfOutcome,
  mapPointCloud,
  poseInFrame,
} from './foxgloveMessages.js';

/** A message of one of a stream's channels; made only where somebody wants it. Null: there is nothing to say. */
export type Message = readonly [StreamChannel, () => object | null];

/** What the outcome of a frame is in Foxglove's terms. */
export function messagesOfOutcome(outcome: Outcome, stampMs: number): Message[] {
  const log: Message = ['log', () => logOfOutcome(outcome, stampMs)];
  if (outcome.kind !== 'posed') return [log];
  const { worldFromCam } = outcome.pose;
  return [
    log,
    ['pose', () => poseInFrame(worldFromCam, stampMs)],
    ['transform', () => frameTransform(outcome.frame.stream, worldFromCam, stampMs)],
  ];
}

/** @param jpeg  null where nobody wants the picture itself */
export function messagesOfPicture(outcome: Outcome, jpeg: Uint8Array | null, stampMs: number): Message[] {
  const evidence = outcome.kind === 'dropped' ? null : outcome.evidence;
  return [
    ['image', () => jpeg && compressedImage(outcome.frame.stream, jpeg, stampMs)],
    ['annotations', () => imageAnnotations(evidence, stampMs)],
  ];
}

/** A channel with one message, the same for as long as the map or the camera is. */
export interface StillChannel {
  readonly channel: Channel;
  readonly make: (stampMs: number) => object;
}

/** As much of a map as is drawn. */
export type DrawnMap = Parameters<typeof encodeMapGeometry>[0];

export const mapChannel = (map: DrawnMap): StillChannel => ({
  channel: MAP_POINTS,
  make: (stampMs) => mapPointCloud(map, stampMs),
});

export const calibrationChannel = (id: string, camera: Camera): StillChannel => ({
  channel: streamChannel(id, 'calibration'),
  make: (stampMs) => cameraCalibration(id, camera, stampMs),
});
