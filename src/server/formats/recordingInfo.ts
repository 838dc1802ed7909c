import { z } from 'zod';
import type { Camera } from '../../domain/camera.js';
import type { ModelIdentity } from '../../domain/features.js';
import { asFloat32, decodePacked } from '../packed.js';
import type { ServedMap } from '../servedMap.js';
import { mapGeometryHeader } from '../wire.js';

/** Names of the MCAP records beside the messages. */
export const INFO_METADATA = 'posestream';
export const MAP_ATTACHMENT = 'map.psb';

const model = z.object({
  name: z.string(),
  version: z.string(),
  sha256: z.string(),
  descriptorDim: z.int(),
  globalDim: z.int(),
});
const camera = z.object({
  model: z.enum(['SIMPLE_PINHOLE', 'PINHOLE', 'SIMPLE_RADIAL', 'RADIAL', 'OPENCV', 'OPENCV_FISHEYE']),
  params: z.array(z.number()),
  widthPx: z.int(),
  heightPx: z.int(),
});

const recordedMap = z.object({
  name: z.string(),
  sha256: z.string(),
  scale: z.enum(['metric', 'arbitrary']),
  anchor: z.object({ latDeg: z.number(), lonDeg: z.number(), altM: z.number() }).nullable(),
  maxSidePx: z.int(),
});
const recordedStream = z.object({
  id: z.string(),
  label: z.string().optional(),
  camera: camera.optional(),
  hasTruth: z.boolean(),
});

/** What a recording says of itself before its first message. */
export const recordingInfo = z.object({ map: recordedMap, model, streams: z.array(recordedStream) });
export type RecordingInfo = z.infer<typeof recordingInfo>;

/** What it says, between two messages, of a server that was changed while it ran. */
export const recordedChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stream'), stream: recordedStream }),
  z.object({ kind: z.literal('streamGone'), id: z.string() }),
  /** Its geometry stands in an attachment before it. */
  z.object({ kind: z.literal('map'), map: recordedMap }),
]);
export type RecordedChange = z.infer<typeof recordedChange>;

/** Attachment with the geometry of a map that was swapped in. */
export const attachmentOf = (sha256: string): string => `map-${sha256}.psb`;

export interface RecordedStream {
  readonly id: string;
  readonly label?: string;
  readonly camera?: Camera;
}

export function infoOf(
  map: ServedMap,
  identity: ModelIdentity,
  streams: readonly (RecordedStream & { readonly truth?: unknown })[],
): RecordingInfo {
  return { map: mapInfoOf(map), model: model.parse(identity), streams: streams.map(streamInfoOf) };
}

export function mapInfoOf({ header, sha256 }: ServedMap): RecordingInfo['map'] {
  const { name, scale, anchor, maxSidePx } = header;
  return { name, sha256, scale, anchor, maxSidePx };
}

export const streamInfoOf = ({
  id,
  label,
  camera,
  truth,
}: RecordedStream & { readonly truth?: unknown }): RecordingInfo['streams'][number] => ({
  ...{ id, label, hasTruth: truth !== undefined },
  ...(camera ? { camera: { ...camera, params: [...camera.params] } } : {}),
});

/** As much of a map as a recording carries: what the page draws and messages name. No frame can be localized in it.
 * @param geometry  packed, as of `/api/map`
 * @throws RangeError, SyntaxError or z.ZodError where it is not */
export function mapOfRecording({ map }: Pick<RecordingInfo, 'map'>, geometry: Uint8Array): ServedMap {
  const { header, sections } = decodePacked(Uint8Array.from(geometry).buffer);
  const { origin, points, keyframes, camera: first } = mapGeometryHeader.parse(header);
  if (
    sections[0]?.length !== 12 * points ||
    sections[1]?.length !== points ||
    sections[2]?.length !== 28 * keyframes
  )
    throw new RangeError('the sections are not as long as the header says');
  const poses = Float64Array.from(asFloat32(sections[2]), (v, i) => (i % 7 < 3 ? v + origin[i % 7] : v));
  const cameras = first ? [camera.parse(first)] : [];
  return {
    header: { ...map, cameras },
    sha256: map.sha256,
    keyframes: { count: keyframes, worldFromCam: poses },
    points: {
      count: points,
      xyz: Float64Array.from(asFloat32(sections[0]), (v, i) => v + origin[i % 3]),
      trackLength: Uint16Array.from(sections[1]),
    },
  };
}
