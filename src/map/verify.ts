import type { MapModel } from '../domain/mapModel.js';

const UNIT_TOLERANCE = 1e-6;

/** What is wrong with a map in itself, in a few words; null where nothing is. Linear in its size. */
export function findFault(map: Omit<MapModel, 'sha256'>): string | null {
  return (
    keyframeFault(map) ??
    vladFault(map) ??
    globalsFault(map) ??
    pointFault(map) ??
    observationFault(map) ??
    covisibilityFault(map)
  );
}

function keyframeFault({ header, keyframes: k }: Omit<MapModel, 'sha256'>): string | null {
  const n = k.names.length;
  if (k.count !== n || k.timeS.length !== n || k.worldFromCam.length !== 7 * n || k.camera.length !== n)
    return `it names ${n} keyframes and has another number of poses, times or cameras`;
  for (let i = 0; i < n; i++) {
    if (k.camera[i] >= header.cameras.length)
      return `keyframe ${i} has camera ${k.camera[i]}, which is not there`;
    if (!isFinitePose(k.worldFromCam, 7 * i))
      return `keyframe ${i} has no finite pose with a unit quaternion`;
    if (k.timeS[i] === Infinity || k.timeS[i] === -Infinity) return `keyframe ${i} has an infinite time`;
  }
  return null;
}

function isFinitePose(poses: Float64Array, at: number): boolean {
  const [tx, ty, tz, x, y, z, w] = poses.subarray(at, at + 7);
  const length = Math.hypot(x, y, z, w);
  return Number.isFinite(tx + ty + tz) && Math.abs(length - 1) < UNIT_TOLERANCE;
}

function vladFault({ header, vlad }: Omit<MapModel, 'sha256'>): string | null {
  if (vlad === undefined) return null;
  const { model, pca } = header;
  const inputDim = vlad.clusters * model.descriptorDim;
  if (model.globalDim !== 0 || pca !== null) return 'it has a VLAD beside a global head';
  if (
    vlad.centres.length !== inputDim ||
    vlad.mean.length !== inputDim ||
    vlad.basis.length !== vlad.outputDim * inputDim
  )
    return 'its VLAD arrays do not have the lengths their dimensions ask for';
  const isSound = [vlad.centres, vlad.mean, vlad.basis].every(allFinite);
  return isSound ? null : 'its VLAD is not finite';
}

function globalsFault({ header, keyframes, vlad }: Omit<MapModel, 'sha256'>): string | null {
  const { pca, model } = header;
  const dim = keyframes.globalDim;
  if (pca !== null && pca.inputDim !== model.globalDim)
    return 'its PCA is for another size of global descriptor';
  if (dim !== (vlad?.outputDim ?? pca?.outputDim ?? model.globalDim))
    return 'its global descriptors have another size';
  if (keyframes.globals.length !== keyframes.count * dim) return 'global descriptors are missing';
  return allFinite(keyframes.globals) ? null : 'a global descriptor is not finite';
}

function pointFault({ points: p }: Omit<MapModel, 'sha256'>): string | null {
  if (p.trackLength.length !== p.count || p.xyz.length !== 3 * p.count || p.errorPx.length !== p.count)
    return 'its point arrays differ in length';
  return allFinite(p.xyz) && allFinite(p.errorPx) ? null : 'a point is not finite';
}

function observationFault({
  header,
  keyframes,
  points,
  observations: o,
}: Omit<MapModel, 'sha256'>): string | null {
  if (o.dim !== header.model.descriptorDim) return 'its descriptors have another size than its model';
  if (o.point.length !== o.count || o.xyPx.length !== 2 * o.count || o.descriptors.length !== o.dim * o.count)
    return 'its observation arrays differ in length';
  if (!areRowOffsets(o.offsets, keyframes.count, o.count)) return 'its observation offsets do not add up';
  if (!allFinite(o.xyPx)) return 'an observation is not finite';
  const seen = new Uint32Array(points.count);
  for (let i = 0; i < o.count; i++) {
    if (o.point[i] >= points.count) return `observation ${i} has point ${o.point[i]}, which is not there`;
    seen[o.point[i]]++;
  }
  for (let i = 0; i < points.count; i++)
    if (seen[i] !== points.trackLength[i])
      return `point ${i} has ${seen[i]} observations, not ${points.trackLength[i]}`;
  return null;
}

function covisibilityFault({ keyframes, covisibility: c }: Omit<MapModel, 'sha256'>): string | null {
  if (c.weight.length !== c.neighbour.length) return 'its covisibility arrays differ in length';
  if (!areRowOffsets(c.offsets, keyframes.count, c.neighbour.length))
    return 'its covisibility offsets do not add up';
  for (const neighbour of c.neighbour)
    if (neighbour >= keyframes.count) return `covisibility names keyframe ${neighbour}, which is not there`;
  return null;
}

function areRowOffsets(offsets: Uint32Array, rows: number, total: number): boolean {
  if (offsets.length !== rows + 1 || offsets[0] !== 0 || offsets[rows] !== total) return false;
  for (let i = 0; i < rows; i++) if (offsets[i + 1] < offsets[i]) return false;
  return true;
}

function allFinite(values: Float64Array | Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
