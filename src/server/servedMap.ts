import type { MapHeader, MapModel } from '../domain/mapModel.js';

/** As much of a map as clients are shown and poses are told with: no descriptors. A `MapModel` is one too. */
export interface ServedMap {
  readonly header: Pick<MapHeader, 'name' | 'cameras' | 'scale' | 'maxSidePx' | 'anchor'>;
  readonly sha256: string;
  readonly keyframes: Pick<MapModel['keyframes'], 'count' | 'worldFromCam'>;
  readonly points: Pick<MapModel['points'], 'count' | 'xyz' | 'trackLength'>;
}

/** For another process. */
export function servedMapOf({ header, sha256, keyframes, points }: MapModel): ServedMap {
  const { name, cameras, scale, maxSidePx, anchor } = header;
  return {
    header: { name, cameras, scale, maxSidePx, anchor },
    sha256,
    keyframes: { count: keyframes.count, worldFromCam: keyframes.worldFromCam },
    points: { count: points.count, xyz: points.xyz, trackLength: points.trackLength },
  };
}
