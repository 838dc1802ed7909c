import type { Wgs84 } from '../wgs84.js';
import { type EarthPose, earthPoseOf, headingDeg, runsOf, type TrackPose } from './track.js';

/** A tenth of a millimetre. */
const DEGREE_DIGITS = 9;
const METRE_DIGITS = 4;

type Position = readonly [lonDeg: number, latDeg: number, altM: number];

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
const lonLatAlt = ({ lonDeg, latDeg, altM }: Wgs84): Position => [
  rounded(lonDeg, DEGREE_DIGITS),
  rounded(latDeg, DEGREE_DIGITS),
  rounded(altM, METRE_DIGITS),
];
const isoTime = (ms: number): string => new Date(ms).toISOString();

/** One object a line: Advanced where the frame has a calendar time, Basic-Quaternion where it has none. The quaternion
 * turns camera axes (x right, y down, z forward) into east, north, up at the place itself; `h` is above the ellipsoid.
 * Source: OGC 21-056r11, GeoPose 1.0, sections 8.2 and 8.4. */
export function formatGeoPose(poses: readonly TrackPose[], anchor: Wgs84): string {
  return poses.map((pose) => `${JSON.stringify(geoPoseOf(pose, anchor))}\n`).join('');
}

function geoPoseOf({ worldFromCam, utcMs }: TrackPose, anchor: Wgs84) {
  const earth = earthPoseOf(worldFromCam, anchor);
  return utcMs === null ? basicQuaternion(earth) : advanced(earth, utcMs);
}

function basicQuaternion({ place, enuFromCam }: EarthPose) {
  const [lon, lat, h] = lonLatAlt(place);
  const [x, y, z, w] = enuFromCam.q;
  return { position: { lat, lon, h }, quaternion: { x, y, z, w } };
}

function advanced(earth: EarthPose, utcMs: number) {
  const { position, quaternion } = basicQuaternion(earth);
  const parameters = `longitude=${position.lon}&latitude=${position.lat}&height=${position.h}`;
  return {
    validTime: Math.round(utcMs),
    frameSpecification: { authority: '/geopose/1.0', id: 'LTP-ENU', parameters },
    quaternion,
  };
}

/** The path as lines, one for every unbroken run, and each pose as a point of its own. Source: RFC 7946. */
export function formatGeoJson(poses: readonly TrackPose[], anchor: Wgs84): string {
  const lines = runsOf(poses)
    .filter((run) => run.length > 1)
    .map((run) => ({
      type: 'Feature',
      geometry: lineOf(run.map(({ worldFromCam }) => lonLatAlt(earthPoseOf(worldFromCam, anchor).place))),
      properties: { run: run[0].run, poses: run.length },
    }));
  const features = [...lines, ...poses.map((pose) => pointFeature(pose, anchor))];
  return `${JSON.stringify({ type: 'FeatureCollection', features })}\n`;
}

/** In several parts where it crosses the antimeridian: RFC 7946, section 3.1.9. */
function lineOf(places: readonly Position[]) {
  const parts: Position[][] = [[]];
  for (const [i, to] of places.entries()) {
    const from = places[i - 1] ?? to;
    if (Math.abs(to[0] - from[0]) > 180) {
      const edgeDeg = 180 * Math.sign(from[0]);
      const share = (edgeDeg - from[0]) / (to[0] + 2 * edgeDeg - from[0]);
      const latDeg = rounded(from[1] + share * (to[1] - from[1]), DEGREE_DIGITS);
      const altM = rounded(from[2] + share * (to[2] - from[2]), METRE_DIGITS);
      parts.at(-1)?.push([edgeDeg, latDeg, altM]);
      parts.push([[-edgeDeg, latDeg, altM]]);
    }
    parts.at(-1)?.push(to);
  }
  return parts.length === 1
    ? { type: 'LineString', coordinates: parts[0] }
    : { type: 'MultiLineString', coordinates: parts };
}

function pointFeature({ worldFromCam, timeS, utcMs, confidence, source }: TrackPose, anchor: Wgs84) {
  const earth = earthPoseOf(worldFromCam, anchor);
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: lonLatAlt(earth.place) },
    properties: {
      timeS,
      ...(utcMs === null ? {} : { time: isoTime(utcMs) }),
      headingDeg: rounded(headingDeg(earth), 3),
      confidence,
      source,
    },
  };
}

/** A track with a segment for every unbroken run. Heights are above the ellipsoid. Source: GPX 1.1 schema. */
export function formatGpx(poses: readonly TrackPose[], anchor: Wgs84, name: string): string {
  const segments = runsOf(poses).map((run) => {
    const points = run.map((pose) => trackPoint(pose, anchor)).join('\n');
    return `    <trkseg>\n${points}\n    </trkseg>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<gpx version="1.1" creator="posestream" xmlns="http://www.topografix.com/GPX/1/1">',
    `  <trk>\n    <name>${escapeXml(name)}</name>`,
    ...segments,
    '  </trk>\n</gpx>\n',
  ].join('\n');
}

function trackPoint({ worldFromCam, utcMs }: TrackPose, anchor: Wgs84): string {
  const { latDeg, lonDeg, altM } = earthPoseOf(worldFromCam, anchor).place;
  // The schema's longitudes end below 180.
  const lon = lonDeg.toFixed(DEGREE_DIGITS).replace(/^180\b/, '-180');
  const at = `lat="${latDeg.toFixed(DEGREE_DIGITS)}" lon="${lon}"`;
  const time = utcMs === null ? '' : `<time>${isoTime(utcMs)}</time>`;
  return `      <trkpt ${at}><ele>${altM.toFixed(METRE_DIGITS)}</ele>${time}</trkpt>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML 1.0 can hold at all, section 2.2. */
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function escapeXml(text: string): string {
  return text.replace(NO_XML, '').replace(/[&<>"]/g, (character) => ENTITIES[character]);
}
