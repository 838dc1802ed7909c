import assert from 'node:assert/strict';
import test from 'node:test';
import { gpx } from '@tmcw/togeojson';
import { DOMParser } from '@xmldom/xmldom';
import { Ajv } from 'ajv';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { rigid, rotationMatrix } from '../src/geometry/rigid.js';
import { createRandom } from '../src/kernels/random.js';
import { formatGeoJson, formatGeoPose, formatGpx } from '../src/server/formats/exports.js';
import type { TrackPose } from '../src/server/formats/track.js';
import type { Wgs84 } from '../src/server/wgs84.js';

/** What we export is read by other programs' parsers and compared with places worked out here, from the poses and the
 * definition of the ellipsoid alone. */
const ANCHORS: readonly Wgs84[] = [
  { latDeg: 50.8, lonDeg: -0.1, altM: 80 },
  { latDeg: -33.9, lonDeg: 151.2, altM: -12 },
  { latDeg: 69.6, lonDeg: 18.9, altM: 5 },
];
/** On the line where east becomes west. */
const FIJI: Wgs84 = { latDeg: -16.8, lonDeg: 179.9995, altM: 3 };
const RAD = Math.PI / 180;
const START_MS = 1_700_000_000_000;

type Vector = readonly [number, number, number];

/** Earth-centred place of the ellipsoid, m. Source: NIMA TR8350.2, section 4. */
function ecef({ latDeg, lonDeg, altM }: Wgs84): Vector {
  const [a, f] = [6378137, 1 / 298.257223563];
  const b = a * (1 - f);
  const [lat, lon] = [latDeg * RAD, lonDeg * RAD];
  const n = a ** 2 / Math.hypot(a * Math.cos(lat), b * Math.sin(lat));
  return [
    (n + altM) * Math.cos(lat) * Math.cos(lon),
    (n + altM) * Math.cos(lat) * Math.sin(lon),
    ((b / a) ** 2 * n + altM) * Math.sin(lat),
  ];
}

/** Unit vectors to the east, north and up at a place: what a small step of longitude, latitude and height does. */
function axesAt(place: Wgs84): readonly Vector[] {
  const step = 1e-5;
  const moved = (change: (by: number) => Wgs84): Vector => {
    const [from, to] = [ecef(change(-step)), ecef(change(step))];
    const d = to.map((v, i) => v - from[i]);
    return d.map((v) => v / Math.hypot(...d)) as unknown as Vector;
  };
  return [
    moved((by) => ({ ...place, lonDeg: place.lonDeg + by })),
    moved((by) => ({ ...place, latDeg: place.latDeg + by })),
    moved((by) => ({ ...place, altM: place.altM + 1e6 * by })),
  ];
}

/** A point or (without the anchor's place) a direction of the map, in Earth's axes. */
function earthOf(enu: ArrayLike<number>, anchor: Wgs84, isDirection = false): number[] {
  const axes = axesAt(anchor);
  const origin = isDirection ? [0, 0, 0] : ecef(anchor);
  return origin.map((v, i) => v + axes.reduce((sum, axis, k) => sum + enu[k] * axis[i], 0));
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((v, i) => v - b[i]));
/** Tenths of a millimetre are written; the axes of this test are good to some 1e-8 of a kilometre's distance. */
const EXACT_M = 5e-4;

function anyTrack(seed: number, count = 40): TrackPose[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, n) => {
    const q = [random.normal(), random.normal(), random.normal(), random.normal()] as const;
    const t = [300 * random.normal(), 300 * random.normal(), 20 * random.normal()] as const;
    return {
      timeS: n / 10,
      utcMs: START_MS + 33.37 * n,
      worldFromCam: rigid<'world', 'cam'>([...q], [...t]),
      confidence: random.uniform(),
      source: n % 3 ? 'tracked' : 'pnp',
      run: `0.${Math.floor(n / 15)}`,
    };
  });
}

const placeOf = ([lonDeg, latDeg, altM]: readonly number[]): Wgs84 => ({ lonDeg, latDeg, altM });

const wellFormed = (xml: string) =>
  new DOMParser({
    onError: (level, message) => assert.fail(`${level}: ${message}`),
  }).parseFromString(xml, 'application/xml');

test('GPX: another parser finds every place and time', () => {
  for (const [i, anchor] of ANCHORS.entries()) {
    const track = anyTrack(i);
    const { features } = gpx(wellFormed(formatGpx(track, anchor, 'car')));
    assert.equal(features.length, 1);
    const { geometry, properties } = features[0];
    assert.ok(geometry?.type === 'MultiLineString' && properties);
    assert.equal(properties.name, 'car');
    const segments: number[][][] = geometry.coordinates;
    assert.deepEqual(
      segments.map((segment) => segment.length),
      [15, 15, 10],
    );
    const places = segments.flat();
    const times: string[] = properties.coordinateProperties.times.flat();
    assert.equal(places.length, track.length);
    for (const [n, pose] of track.entries()) {
      const off = distance(ecef(placeOf(places[n])), earthOf(pose.worldFromCam.t, anchor));
      assert.ok(off < EXACT_M, `${off} m`);
      assert.equal(new Date(times[n]).getTime(), Math.floor(pose.utcMs ?? 0));
    }
  }
});

/** Child elements the GPX 1.1 schema allows here, in the order it asks for; the same for attributes. */
const GPX_RULES: Readonly<
  Record<string, { readonly children: readonly string[]; readonly attributes: readonly string[] }>
> = {
  gpx: {
    children: ['metadata', 'wpt', 'rte', 'trk', 'extensions'],
    attributes: ['version', 'creator', 'xmlns'],
  },
  trk: {
    children: ['name', 'cmt', 'desc', 'src', 'link', 'number', 'type', 'extensions', 'trkseg'],
    attributes: [],
  },
  trkseg: { children: ['trkpt', 'extensions'], attributes: [] },
  trkpt: {
    children: [
      ...['ele', 'time', 'magvar', 'geoidheight', 'name', 'cmt', 'desc', 'src', 'link', 'sym', 'type', 'fix'],
      ...['sat', 'hdop', 'vdop', 'pdop', 'ageofdgpsdata', 'dgpsid', 'extensions'],
    ],
    attributes: ['lat', 'lon'],
  },
  name: { children: [], attributes: [] },
  ele: { children: [], attributes: [] },
  time: { children: [], attributes: [] },
};
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const DECIMAL = /^[+-]?\d+(\.\d+)?$/;

test('GPX: elements, their order and their values are those of the schema of GPX 1.1', () => {
  const odd = 'drive\u0000\u0008\u000b <&>"\' \ud800 \u{1f697}\ufffe';
  const tracks = [
    ...ANCHORS.map((anchor, i) => ({ anchor, track: anyTrack(i) })),
    { anchor: FIJI, track: anyTrack(9) },
    {
      anchor: { ...FIJI, lonDeg: 180 },
      track: [{ ...anyTrack(1)[0], worldFromCam: rigid<'world', 'cam'>([0, 0, 0, 1], [0, 0, 0]) }],
    },
  ];
  for (const { anchor, track } of tracks) {
    const document = wellFormed(formatGpx([...track, { ...track[0], utcMs: null }], anchor, odd));
    assert.equal(document.documentElement?.namespaceURI, 'http://www.topografix.com/GPX/1/1');
    assert.equal(document.documentElement.getAttribute('version'), '1.1');
    assert.equal(document.getElementsByTagName('name').item(0)?.textContent, 'drive <&>"\'  \u{1f697}');
    for (const element of document.getElementsByTagName('*')) {
      const rules = GPX_RULES[element.tagName];
      assert.ok(rules, `<${element.tagName}> is no element of ours`);
      const children = [...element.childNodes]
        .filter((node) => node.nodeType === 1)
        .map((node) => node.nodeName);
      const places = children.map((name) => rules.children.indexOf(name));
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
        `order within <${element.tagName}>`,
      );
      assert.ok(!places.includes(-1), `${children} within <${element.tagName}>`);
      assert.deepEqual(
        [...element.attributes].map(({ name }) => name),
        rules.attributes,
      );
      if (element.tagName === 'trkpt') {
        const [lat, lon] = ['lat', 'lon'].map((name) => element.getAttribute(name) ?? '');
        assert.match(lat, DECIMAL);
        assert.match(lon, DECIMAL);
        assert.ok(Math.abs(Number(lat)) <= 90);
        assert.ok(Number(lon) >= -180 && Number(lon) < 180, `lon ${lon}`);
      }
      if (element.tagName === 'ele') assert.match(element.textContent ?? '', DECIMAL);
      if (element.tagName === 'time') assert.match(element.textContent ?? '', TIME);
    }
  }
});

const position = {
  type: 'array',
  minItems: 2,
  maxItems: 3,
  items: { type: 'number' },
};
const geometry = (type: string, coordinates: object) => ({
  type: 'object',
  required: ['type', 'coordinates'],
  properties: { type: { const: type }, coordinates, bbox: { type: 'array', minItems: 4 } },
  // RFC 7946, section 7.1: members of other objects must not stand here.
  not: { anyOf: ['geometry', 'properties', 'features'].map((name) => ({ required: [name] })) },
});
const line = { type: 'array', minItems: 2, items: position };
/** RFC 7946, sections 3 and 7. */
const GEOJSON = {
  type: 'object',
  required: ['type', 'features'],
  not: {
    anyOf: ['coordinates', 'geometries', 'geometry', 'properties', 'crs'].map((name) => ({
      required: [name],
    })),
  },
  properties: {
    type: { const: 'FeatureCollection' },
    features: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'geometry', 'properties'],
        not: { anyOf: ['coordinates', 'geometries', 'features'].map((name) => ({ required: [name] })) },
        properties: {
          type: { const: 'Feature' },
          properties: { type: ['object', 'null'] },
          id: { type: ['string', 'number'] },
          geometry: {
            oneOf: [
              geometry('Point', position),
              geometry('LineString', line),
              geometry('MultiLineString', { type: 'array', items: line }),
            ],
          },
        },
      },
    },
  },
};

interface Feature {
  readonly geometry: { readonly type: string; readonly coordinates: unknown };
  readonly properties: Readonly<Record<string, number | string>>;
}

const isGeoJson = new Ajv({ strict: false }).compile<{ features: Feature[] }>(GEOJSON);

function featuresOf(text: string): Feature[] {
  const parsed: unknown = JSON.parse(text);
  assert.ok(isGeoJson(parsed), JSON.stringify(isGeoJson.errors));
  return parsed.features;
}

test('GeoJSON: valid by RFC 7946, and every place, heading and time is there', () => {
  for (const [i, anchor] of ANCHORS.entries()) {
    const track = anyTrack(i);
    const features = featuresOf(formatGeoJson(track, anchor));
    const points = features.filter(({ geometry: { type } }) => type === 'Point');
    const lines = features.filter(({ geometry: { type } }) => type === 'LineString');
    assert.equal(points.length + lines.length, features.length);
    const ofPoints = points.map((point) => point.geometry.coordinates as number[]);
    assert.deepEqual(
      lines.flatMap((one) => one.geometry.coordinates as number[][]),
      ofPoints,
    );
    for (const [n, { worldFromCam, utcMs }] of track.entries()) {
      const place = placeOf(ofPoints[n]);
      const off = distance(ecef(place), earthOf(worldFromCam.t, anchor));
      assert.ok(off < EXACT_M, `${off} m`);
      const ahead = lookingAt(worldFromCam, 2, anchor);
      const [east, north] = axesAt(place).map((axis) => dot(axis, ahead));
      const heading = ((Math.atan2(east, north) / RAD + 360) % 360) - Number(points[n].properties.headingDeg);
      assert.ok(Math.abs(((heading + 540) % 360) - 180) < 2e-3, `heading off by ${heading}`);
      assert.equal(new Date(points[n].properties.time).getTime(), Math.floor(utcMs ?? 0));
    }
  }
});

test('GeoJSON: a path over the antimeridian is cut there', () => {
  const pose = (east: number): TrackPose => ({
    ...anyTrack(1, 1)[0],
    worldFromCam: rigid<'world', 'cam'>([0, 0, 0, 1], [east, east / 10, 0]),
  });
  const there = [-40, -20, 10, 90, 150, 90, 10, -30].map(pose);
  const [path, ...points] = featuresOf(formatGeoJson(there, FIJI));
  assert.equal(path.geometry.type, 'MultiLineString');
  const lines = path.geometry.coordinates as number[][][];
  assert.equal(lines.length, 3);
  for (const [n, part] of lines.entries()) {
    for (const [k, [lon]] of part.entries())
      if (k > 0) assert.ok(Math.abs(lon - part[k - 1][0]) < 180, 'a part runs round the world');
    if (n === 0) continue;
    const [before, after] = [lines[n - 1].at(-1) ?? [], part[0]];
    assert.equal(Math.abs(before[0]), 180);
    assert.equal(after[0], -before[0]);
    assert.deepEqual(after.slice(1), before.slice(1));
  }
  assert.equal(points.length, there.length);
  for (const point of points) assert.ok(Math.abs((point.geometry.coordinates as number[])[0]) <= 180);
});

const number = { type: 'number' };
const exactly = (properties: Readonly<Record<string, object>>) => ({
  ...{ type: 'object', required: Object.keys(properties), properties, additionalProperties: false },
});
const quaternion = exactly({ x: number, y: number, z: number, w: number });
/** OGC 21-056r11, annex on JSON: Basic-Quaternion and Advanced. */
const GEOPOSE = {
  oneOf: [
    exactly({
      position: exactly({
        lat: { type: 'number', minimum: -90, maximum: 90 },
        lon: { type: 'number', minimum: -180, maximum: 180 },
        h: number,
      }),
      quaternion,
    }),
    exactly({
      validTime: { type: 'integer' },
      frameSpecification: exactly({
        authority: { type: 'string' },
        id: { type: 'string' },
        parameters: { type: 'string' },
      }),
      quaternion,
    }),
  ],
};
interface GeoPose {
  readonly validTime?: number;
  readonly position?: Readonly<Record<'lat' | 'lon' | 'h', number>>;
  readonly frameSpecification?: Readonly<Record<'authority' | 'id' | 'parameters', string>>;
  readonly quaternion: Readonly<Record<'x' | 'y' | 'z' | 'w', number>>;
}

const isGeoPose = new Ajv({ strict: false }).compile<GeoPose>(GEOPOSE);

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, i) => sum + v * b[i], 0);

/** Where a camera axis (right, down, ahead) points, in Earth's axes. */
function lookingAt(worldFromCam: WorldFromCam, column: number, anchor: Wgs84): number[] {
  const r = rotationMatrix(worldFromCam);
  return earthOf([r[column], r[3 + column], r[6 + column]], anchor, true);
}

/** Turns a vector as the specification has it: q v q*. */
function turned({ x, y, z, w }: GeoPose['quaternion'], v: Vector): number[] {
  const u = [x, y, z];
  const cross = (a: readonly number[], b: readonly number[]) => [
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
  ];
  const once = cross(u, v).map((c, i) => c + w * v[i]);
  return cross(u, once).map((c, i) => v[i] + 2 * c);
}

test('GeoPose: the structure of OGC 21-056r11; place and quaternion agree with a way through Earth axes', () => {
  for (const [i, anchor] of ANCHORS.entries()) {
    const track = anyTrack(20 + i).map((pose, n) => (n % 2 ? pose : { ...pose, utcMs: null }));
    const poses = formatGeoPose(track, anchor)
      .trimEnd()
      .split('\n')
      .map((text): unknown => JSON.parse(text));
    assert.equal(poses.length, track.length);
    for (const [n, pose] of poses.entries()) {
      assert.ok(isGeoPose(pose), JSON.stringify(isGeoPose.errors));
      const place = placeOfGeoPose(pose);
      const { worldFromCam, utcMs } = track[n];
      assert.equal(pose.validTime, utcMs === null ? undefined : Math.round(utcMs));
      assert.ok(distance(ecef(place), earthOf(worldFromCam.t, anchor)) < EXACT_M);
      const { x, y, z, w } = pose.quaternion;
      assert.ok(Math.abs(Math.hypot(x, y, z, w) - 1) < 1e-12);
      for (const [column, axis] of (
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ] as const
      ).entries()) {
        const enu = turned(pose.quaternion, axis);
        const inEarth = earthOf(enu, place, true);
        assert.ok(distance(inEarth, lookingAt(worldFromCam, column, anchor)) < 1e-7, 'axes differ');
      }
    }
  }
});

function placeOfGeoPose(pose: GeoPose): Wgs84 {
  if (pose.position) return { latDeg: pose.position.lat, lonDeg: pose.position.lon, altM: pose.position.h };
  assert.equal(pose.frameSpecification?.authority, '/geopose/1.0');
  assert.equal(pose.frameSpecification.id, 'LTP-ENU');
  const parameters = new URLSearchParams(pose.frameSpecification.parameters);
  const [lonDeg, latDeg, altM] = ['longitude', 'latitude', 'height'].map((name) =>
    Number(parameters.get(name)),
  );
  return { latDeg, lonDeg, altM };
}
