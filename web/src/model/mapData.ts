import { asFloat32, decodePacked } from '../../../src/server/packed.js';
import type { MapGeometryHeader } from '../../../src/server/wire.js';
import { type MapFrame, mapFrameOf, type Vec3 } from './mapFrame.js';

export interface MapData {
  readonly header: MapGeometryHeader;
  /** [P x 3], world minus origin. */
  readonly points: Float32Array;
  /** [K x 7], world minus origin. */
  readonly keyframes: Float32Array;
  readonly frame: MapFrame;
  /** World position minus the origin, in float64. */
  readonly local: (position: Vec3) => Vec3;
}

export function mapDataOf(buffer: ArrayBuffer, northUp: boolean): MapData {
  const { header, sections } = decodePacked(buffer);
  const geometry = header as MapGeometryHeader;
  const points = asFloat32(sections[0]);
  const keyframes = asFloat32(sections[2]);
  const [x, y, z] = geometry.origin;
  return {
    header: geometry,
    points,
    keyframes,
    frame: mapFrameOf(keyframes, points, northUp),
    local: (p) => [p[0] - x, p[1] - y, p[2] - z],
  };
}
