import type { MapModel } from '../domain/mapModel.js';

/** A camera of ordinary reach looks this far. */
const USUAL_DEPTH_M = 10;
const SAMPLES = 2000;

const units = new WeakMap<MapModel, number>();

/** How many of the map's units stand for a metre: 1 where the map is metric, else from how far its points are seen. */
export function sceneUnit(map: MapModel): number {
  if (map.header.scale !== 'arbitrary') return 1;
  const known = units.get(map) ?? measureUnit(map);
  units.set(map, known);
  return known;
}

function measureUnit(map: MapModel): number {
  const depths = sampledDepths(map).sort();
  return depths.length === 0 ? 1 : depths[depths.length >> 1] / USUAL_DEPTH_M;
}

/** Distances between keyframes and points they see, evenly drawn. */
function sampledDepths({ keyframes, points, observations }: MapModel): Float64Array {
  const step = Math.max(1, Math.floor(observations.count / SAMPLES));
  const depths: number[] = [];
  for (let k = 0, row = 0; k < keyframes.count; k++) {
    const [x, y, z] = keyframes.worldFromCam.subarray(7 * k, 7 * k + 3);
    for (; row < observations.offsets[k + 1]; row += step) {
      const p = 3 * observations.point[row];
      depths.push(Math.hypot(points.xyz[p] - x, points.xyz[p + 1] - y, points.xyz[p + 2] - z));
    }
  }
  return Float64Array.from(depths);
}
