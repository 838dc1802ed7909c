import { encodePacked } from './packed.js';
import type { ServedMap } from './servedMap.js';
import type { MapGeometryHeader } from './wire.js';

const MAX_POINTS = 50_000;
const POSE_FLOATS = 7;

/** Points and keyframes as the page draws them: a packed message, at most 50 000 points, evenly picked. */
export function encodeMapGeometry(map: ServedMap): Uint8Array {
  const { points, keyframes, header } = map;
  const origin = originOf(map);
  const picked = Math.min(points.count, MAX_POINTS);
  const xyz = new Float32Array(3 * picked);
  const tracks = new Uint8Array(picked);
  for (let i = 0; i < picked; i++) {
    const row = Math.floor((i * points.count) / picked);
    for (let axis = 0; axis < 3; axis++) xyz[3 * i + axis] = points.xyz[3 * row + axis] - origin[axis];
    tracks[i] = Math.min(255, points.trackLength[row]);
  }
  const poses = Float32Array.from(keyframes.worldFromCam, (value, i) => {
    const axis = i % POSE_FLOATS;
    return axis < 3 ? value - origin[axis] : value;
  });
  const geometry: MapGeometryHeader = {
    type: 'map',
    name: header.name,
    sha256: map.sha256,
    scale: header.scale,
    origin,
    points: picked,
    pointsInMap: points.count,
    keyframes: keyframes.count,
    camera: header.cameras[0] ? { ...header.cameras[0], params: [...header.cameras[0].params] } : null,
  };
  return encodePacked(geometry, [xyz, tracks, poses]);
}

/** Middle of the keyframes' bounding box. */
function originOf({ keyframes }: ServedMap): [number, number, number] {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let k = 0; k < keyframes.count; k++) {
    for (let axis = 0; axis < 3; axis++) {
      const value = keyframes.worldFromCam[POSE_FLOATS * k + axis];
      low[axis] = Math.min(low[axis], value);
      high[axis] = Math.max(high[axis], value);
    }
  }
  const middle = (axis: number): number => (keyframes.count > 0 ? (low[axis] + high[axis]) / 2 : 0);
  return [middle(0), middle(1), middle(2)];
}
