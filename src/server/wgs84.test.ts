import assert from 'node:assert/strict';
import test from 'node:test';
import { wgs84OfEnu } from './wgs84.js';

const anchor = { latDeg: 50.82, lonDeg: -0.137, altM: 80 };

test('the anchor itself', () => {
  const here = wgs84OfEnu([0, 0, 0], anchor);
  assert.ok(Math.abs(here.latDeg - anchor.latDeg) < 1e-12);
  assert.ok(Math.abs(here.lonDeg - anchor.lonDeg) < 1e-12);
  assert.ok(Math.abs(here.altM - anchor.altM) < 1e-6);
});

test('metres east, north and up by the radii of curvature', () => {
  const lat = (anchor.latDeg * Math.PI) / 180;
  const e2 = 6.69437999014e-3;
  const w = Math.sqrt(1 - e2 * Math.sin(lat) ** 2);
  const northRadius = (6378137 * (1 - e2)) / w ** 3 + anchor.altM;
  const eastRadius = (6378137 / w + anchor.altM) * Math.cos(lat);
  const there = wgs84OfEnu([10, 20, 5], anchor);
  assert.ok(Math.abs((((there.latDeg - anchor.latDeg) * Math.PI) / 180) * northRadius - 20) < 1e-3);
  assert.ok(Math.abs((((there.lonDeg - anchor.lonDeg) * Math.PI) / 180) * eastRadius - 10) < 1e-3);
  assert.ok(Math.abs(there.altM - 85) < 1e-3);
});
