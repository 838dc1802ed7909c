import assert from 'node:assert/strict';
import test from 'node:test';
import { fromRotationMatrix, inverse, rotationMatrix } from '../../geometry/rigid.js';
import { wgs84OfEnu } from '../wgs84.js';
import { formatGeoJson, formatGeoPose, formatGpx } from './exports.js';
import { earthPoseOf, headingDeg, type TrackPose } from './track.js';

const anchor = { latDeg: 50.8, lonDeg: -0.1, altM: 80 };
const RAD_PER_DEG = Math.PI / 180;

/** Level, looking along a compass direction. */
function looking(heading: number, t: [number, number, number]) {
  const [s, c] = [Math.sin(heading * RAD_PER_DEG), Math.cos(heading * RAD_PER_DEG)];
  return fromRotationMatrix<'world', 'cam'>([c, 0, s, -s, 0, c, 0, -1, 0], t);
}

const pose = (n: number, extra: Partial<TrackPose> = {}): TrackPose => ({
  timeS: n,
  utcMs: 1_700_000_000_000 + 100 * n,
  worldFromCam: looking(30, [10 * n, 5, 2]),
  confidence: 0.9,
  source: 'pnp',
  run: '0.0',
  ...extra,
});

/** One metre along a direction at a place, as east, north, up there: from positions alone. */
function stepAt(at: readonly number[], direction: readonly number[]): number[] {
  const e2 = (1 / 298.257223563) * (2 - 1 / 298.257223563);
  const from = wgs84OfEnu([at[0], at[1], at[2]], anchor);
  const to = wgs84OfEnu([at[0] + direction[0], at[1] + direction[1], at[2] + direction[2]], anchor);
  const w = Math.sqrt(1 - e2 * Math.sin(from.latDeg * RAD_PER_DEG) ** 2);
  const eastM = (6378137 / w + from.altM) * Math.cos(from.latDeg * RAD_PER_DEG);
  const northM = (6378137 * (1 - e2)) / w ** 3 + from.altM;
  return [
    (to.lonDeg - from.lonDeg) * RAD_PER_DEG * eastM,
    (to.latDeg - from.latDeg) * RAD_PER_DEG * northM,
    to.altM - from.altM,
  ];
}

test('axes turn with the place: the same as steps of one metre say', () => {
  for (const t of [
    [0, 0, 0],
    [400, -300, 20],
    [60_000, 80_000, -500],
  ] as [number, number, number][]) {
    const worldFromCam = looking(75, t);
    const world = rotationMatrix(worldFromCam);
    const here = rotationMatrix(earthPoseOf(worldFromCam, anchor).enuFromCam);
    for (const axis of [0, 1, 2]) {
      const step = stepAt(t, [world[axis], world[3 + axis], world[6 + axis]]);
      for (const row of [0, 1, 2]) assert.ok(Math.abs(here[3 * row + axis] - step[row]) < 2e-6, `${t}`);
    }
  }
});

test('at the anchor the quaternion is worldFromCam, the heading what one looks along', () => {
  const worldFromCam = looking(210, [0, 0, 0]);
  const earth = earthPoseOf(worldFromCam, anchor);
  assert.ok(Math.abs(headingDeg(earth) - 210) < 1e-9);
  const difference = rotationMatrix(earth.enuFromCam).map((v, i) => v - rotationMatrix(worldFromCam)[i]);
  assert.ok(Math.max(...difference.map(Math.abs)) < 1e-12);
  assert.ok(inverse(earth.enuFromCam).q.every(Number.isFinite));
});

test('GeoPose: Advanced with a calendar time, Basic-Quaternion without', () => {
  const [timed, timeless] = formatGeoPose([pose(1), pose(2, { utcMs: null })], anchor)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(Object.keys(timed).sort(), ['frameSpecification', 'quaternion', 'validTime']);
  assert.equal(timed.validTime, 1_700_000_000_100);
  const { authority, id, parameters } = timed.frameSpecification;
  assert.deepEqual([authority, id], ['/geopose/1.0', 'LTP-ENU']);
  assert.match(parameters, /^longitude=-0\.09\d+&latitude=50\.80\d+&height=8\d(\.\d+)?$/);
  assert.deepEqual(Object.keys(timeless).sort(), ['position', 'quaternion']);
  const { x, y, z, w } = timeless.quaternion;
  assert.ok(Math.abs(Math.hypot(x, y, z, w) - 1) < 1e-12);
  assert.deepEqual(Object.keys(timeless.position), ['lat', 'lon', 'h']);
});

test('GeoJSON: a line for every unbroken run, a point for every pose', () => {
  const poses = [pose(0), pose(1), pose(2, { run: '0.1' }), pose(3, { run: '0.1' }), pose(4, { run: '1.0' })];
  const { type, features } = JSON.parse(formatGeoJson(poses, anchor));
  assert.equal(type, 'FeatureCollection');
  const kinds = features.map((feature: { geometry: { type: string } }) => feature.geometry.type);
  assert.deepEqual(kinds, ['LineString', 'LineString', ...poses.map(() => 'Point')]);
  const [lon, lat, alt] = features.at(-1).geometry.coordinates;
  const { lonDeg, latDeg, altM } = wgs84OfEnu([40, 5, 2], anchor);
  assert.ok(Math.abs(lon - lonDeg) < 1e-9 && Math.abs(lat - latDeg) < 1e-9 && Math.abs(alt - altM) < 1e-4);
  assert.equal(features.at(-1).properties.headingDeg, 30);
});

test('GPX: a segment for every unbroken run, times where there are any, names made harmless', () => {
  const text = formatGpx([pose(0), pose(1, { utcMs: null, run: '1' })], anchor, 'a<b>&"c"');
  assert.equal(text.match(/<trkseg>/g)?.length, 2);
  assert.equal(text.match(/<trkpt /g)?.length, 2);
  assert.deepEqual(text.match(/<time>.*<\/time>/g), ['<time>2023-11-14T22:13:20.000Z</time>']);
  assert.match(text, /<name>a&lt;b&gt;&amp;&quot;c&quot;<\/name>/);
  assert.match(text, /lat="50\.8000\d+" lon="-0\.1000*" ?><ele>82\.000\d<\/ele>/);
});
