import type { MapModel } from '../domain/mapModel.js';

/** What `map info` says. Lengths are in metres where `scale` is metric, in the map's own unit otherwise. */
export interface MapDescription {
  readonly name: string;
  readonly sha256: string;
  readonly builtWith: string;
  readonly model: { readonly name: string; readonly version: string; readonly sha256: string };
  readonly scale: 'metric' | 'arbitrary';
  readonly anchored: boolean;
  readonly keyframes: number;
  readonly keyframesWithoutPoints: number;
  readonly points: number;
  readonly observations: number;
  readonly pointsPerKeyframe: Spread;
  readonly trackLength: Spread;
  readonly reprojectionErrorPx: Spread;
  /** Sizes in keyframes, largest first; a keyframe without points is a component of its own. */
  readonly covisibilityComponents: readonly number[];
  readonly cameras: readonly {
    readonly model: string;
    readonly widthPx: number;
    readonly heightPx: number;
  }[];
  readonly descriptorDim: number;
  readonly globalDim: number;
  readonly globalsReduced: boolean;
  /** The network has no global head: a VLAD of its local descriptors stands in. */
  readonly globalsFromLocal: boolean;
  /** Of the keyframes' positions. */
  readonly boundingBox: { readonly min: Triple; readonly max: Triple } | null;
  /** Sum of the steps between keyframes in their order. */
  readonly pathLength: number;
  readonly bytes: number;
  readonly bytesPerPoint: number;
}

export interface Spread {
  readonly mean: number;
  readonly median: number;
}

type Triple = readonly [number, number, number];

/** @param bytes size of the map's file */
export function describeMap(map: MapModel, bytes: number): MapDescription {
  const { header, keyframes, points, observations } = map;
  const perKeyframe = rowSizes(observations.offsets);
  return {
    name: header.name,
    sha256: map.sha256,
    builtWith: header.builtWith,
    model: { name: header.model.name, version: header.model.version, sha256: header.model.sha256 },
    scale: header.scale,
    anchored: header.anchor !== null,
    keyframes: keyframes.count,
    keyframesWithoutPoints: perKeyframe.filter((size) => size === 0).length,
    points: points.count,
    observations: observations.count,
    pointsPerKeyframe: spread(perKeyframe),
    trackLength: spread(points.trackLength),
    reprojectionErrorPx: spread(points.errorPx),
    covisibilityComponents: componentSizes(map),
    cameras: header.cameras.map(({ model, widthPx, heightPx }) => ({ model, widthPx, heightPx })),
    descriptorDim: observations.dim,
    globalDim: keyframes.globalDim,
    globalsReduced: header.pca !== null,
    globalsFromLocal: map.vlad !== undefined,
    boundingBox: boundingBox(keyframes.worldFromCam),
    pathLength: pathLength(keyframes.worldFromCam),
    bytes,
    bytesPerPoint: points.count === 0 ? 0 : bytes / points.count,
  };
}

/** The same in words, one fact a line. */
export function mapInWords(d: MapDescription): string {
  const unit = d.scale === 'metric' ? 'm' : 'units';
  const fixed = (value: number, digits = 2) => value.toFixed(digits);
  const [largest = 0] = d.covisibilityComponents;
  const box = d.boundingBox;
  const size = box === null ? '-' : box.max.map((high, i) => fixed(high - box.min[i], 1)).join(' x ');
  const cameras = d.cameras.map((c) => `${c.model} ${c.widthPx}x${c.heightPx}`).join(', ');
  return [
    `map          ${d.name} (${(d.bytes / 1e6).toFixed(2)} MB, sha256 ${d.sha256.slice(0, 12)})`,
    `network      ${d.model.name} ${d.model.version}, ${d.descriptorDim}-d local, ${globalInWords(d)}`,
    `keyframes    ${d.keyframes}, ${fixed(d.pointsPerKeyframe.mean, 0)} points each (median ${d.pointsPerKeyframe.median}), ${d.keyframesWithoutPoints} without points`,
    `points       ${d.points}, seen by ${fixed(d.trackLength.mean)} keyframes (median ${d.trackLength.median})`,
    `reprojection ${fixed(d.reprojectionErrorPx.mean)} px mean, ${fixed(d.reprojectionErrorPx.median)} px median`,
    `covisibility ${d.covisibilityComponents.length === 1 ? 'one piece' : `${d.covisibilityComponents.length} pieces, the largest with ${largest} keyframes`}`,
    `extent       ${size} ${unit}, path ${fixed(d.pathLength, 1)} ${unit} (${d.scale} scale${d.anchored ? ', anchored in WGS84' : ''})`,
    `cameras      ${cameras}`,
  ].join('\n');
}

function globalInWords({ globalDim, globalsReduced, globalsFromLocal }: MapDescription): string {
  if (globalsFromLocal) return `${globalDim}-d VLAD of them for a global`;
  return `${globalDim}-d global${globalsReduced ? ' after PCA' : ''}`;
}

function rowSizes(offsets: Uint32Array): number[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1] - offsets[i]);
}

function spread(values: ArrayLike<number>): Spread {
  if (values.length === 0) return { mean: 0, median: 0 };
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length, median };
}

function componentSizes({ keyframes, covisibility: { offsets, neighbour } }: MapModel): number[] {
  const seen = new Uint8Array(keyframes.count);
  const sizes: number[] = [];
  for (let start = 0; start < keyframes.count; start++) {
    if (seen[start] === 1) continue;
    const queue = [start];
    seen[start] = 1;
    for (const at of queue)
      for (const next of neighbour.subarray(offsets[at], offsets[at + 1]))
        if (seen[next] === 0) {
          seen[next] = 1;
          queue.push(next);
        }
    sizes.push(queue.length);
  }
  return sizes.sort((a, b) => b - a);
}

function boundingBox(poses: Float64Array): { min: Triple; max: Triple } | null {
  if (poses.length === 0) return null;
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let at = 0; at < poses.length; at += 7)
    for (let axis = 0; axis < 3; axis++) {
      min[axis] = Math.min(min[axis], poses[at + axis]);
      max[axis] = Math.max(max[axis], poses[at + axis]);
    }
  return { min, max };
}

function pathLength(poses: Float64Array): number {
  let length = 0;
  for (let at = 7; at < poses.length; at += 7)
    length += Math.hypot(
      poses[at] - poses[at - 7],
      poses[at + 1] - poses[at - 6],
      poses[at + 2] - poses[at - 5],
    );
  return length;
}
