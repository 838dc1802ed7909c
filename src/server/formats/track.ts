import type { WorldFromCam } from '../../domain/rigid.js';
import { compose, fromRotationMatrix, inverse, type Rigid, rotationMatrix } from '../../geometry/rigid.js';
import { type Wgs84, wgs84OfEnu } from '../wgs84.js';

/** A pose as it leaves for another program. */
export interface TrackPose {
  readonly timeS: number;
  /** Unix time, ms, where the frame has one. */
  readonly utcMs: number | null;
  readonly worldFromCam: WorldFromCam;
  readonly confidence: number | null;
  readonly source: string | null;
  /** Poses of one run are one continuous path. */
  readonly run: string;
}

/** Where on Earth a pose is and which way it looks there. */
export interface EarthPose {
  readonly place: Wgs84;
  /** From camera axes (x right, y down, z forward) to east, north, up at this very place. */
  readonly enuFromCam: Rigid<'enu', 'cam'>;
}

const RAD_PER_DEG = Math.PI / 180;

/** East, north and up turn along a map: those of the anchor are carried over the ellipsoid to where the camera is. */
export function earthPoseOf(worldFromCam: WorldFromCam, anchor: Wgs84): EarthPose {
  const place = wgs84OfEnu(worldFromCam.t, anchor);
  const ecefFromCam = compose(ecefFromEnu<'world'>(anchor), worldFromCam);
  return { place, enuFromCam: compose(inverse(ecefFromEnu<'enu'>(place)), ecefFromCam) };
}

/** Compass direction of the optical axis, degrees clockwise from north in [0, 360). */
export function headingDeg({ enuFromCam }: EarthPose): number {
  const r = rotationMatrix(enuFromCam);
  return (Math.atan2(r[2], r[5]) / RAD_PER_DEG + 360) % 360;
}

/** The rotation alone; columns are east, north and up in Earth's axes. */
function ecefFromEnu<Enu extends string>({ latDeg, lonDeg }: Wgs84): Rigid<'ecef', Enu> {
  const [sLat, cLat] = [Math.sin(latDeg * RAD_PER_DEG), Math.cos(latDeg * RAD_PER_DEG)];
  const [sLon, cLon] = [Math.sin(lonDeg * RAD_PER_DEG), Math.cos(lonDeg * RAD_PER_DEG)];
  return fromRotationMatrix(
    [-sLon, -sLat * cLon, cLat * cLon, cLon, -sLat * sLon, cLat * sLon, 0, cLat, sLat],
    [0, 0, 0],
  );
}

/** Neighbouring poses of one run, together. */
export function runsOf(poses: readonly TrackPose[]): TrackPose[][] {
  const runs: TrackPose[][] = [];
  for (const pose of poses) {
    if (runs.at(-1)?.[0].run === pose.run) runs.at(-1)?.push(pose);
    else runs.push([pose]);
  }
  return runs;
}
