/** WGS84 ellipsoid (NIMA TR8350.2, table 3.1). */
const SEMI_MAJOR_M = 6378137;
const FLATTENING = 1 / 298.257223563;
const E2 = FLATTENING * (2 - FLATTENING);
const RAD_PER_DEG = Math.PI / 180;

export interface Wgs84 {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly altM: number;
}

/** Geodetic position of a point in the anchor's east, north, up frame (m).
 * ENU to ECEF by rotation, ECEF to geodetic by Bowring's formula, iterated (Survey Review 1976). */
export function wgs84OfEnu(enuM: readonly [number, number, number], anchor: Wgs84): Wgs84 {
  const [x, y, z] = ecefOfEnu(enuM, anchor);
  const p = Math.hypot(x, y);
  let lat = Math.atan2(z, p * (1 - E2));
  for (let i = 0; i < 4; i++) {
    const n = primeVerticalM(lat);
    lat = Math.atan2(z + E2 * n * Math.sin(lat), p);
  }
  const n = primeVerticalM(lat);
  const altM = p * Math.cos(lat) + z * Math.sin(lat) - n * (1 - E2 * Math.sin(lat) ** 2);
  return { latDeg: lat / RAD_PER_DEG, lonDeg: Math.atan2(y, x) / RAD_PER_DEG, altM };
}

function primeVerticalM(lat: number): number {
  return SEMI_MAJOR_M / Math.sqrt(1 - E2 * Math.sin(lat) ** 2);
}

function ecefOfEnu([e, n, u]: readonly [number, number, number], anchor: Wgs84): [number, number, number] {
  const lat = anchor.latDeg * RAD_PER_DEG;
  const lon = anchor.lonDeg * RAD_PER_DEG;
  const [sLat, cLat, sLon, cLon] = [Math.sin(lat), Math.cos(lat), Math.sin(lon), Math.cos(lon)];
  const radius = primeVerticalM(lat);
  return [
    (radius + anchor.altM) * cLat * cLon - sLon * e - sLat * cLon * n + cLat * cLon * u,
    (radius + anchor.altM) * cLat * sLon + cLon * e - sLat * sLon * n + cLat * sLon * u,
    (radius * (1 - E2) + anchor.altM) * sLat + cLat * n + sLat * u,
  ];
}
