import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fuzzContainer } from '../../test/mapFuzzContainer.js';
import { smallMap, smallVladMap } from '../../test/mapFuzzFixtures.js';
import { PosestreamError } from '../domain/errors.js';
import type { MapModel } from '../domain/mapModel.js';
import { decodeMap, encodeMap, type MapContent } from './container.js';
import { fileError } from './fileError.js';
import { assertMapFitsModel, readMap, writeMap } from './mapFile.js';

const ERRORS = new Set(['E_MAP_CORRUPT', 'E_MAP_VERSION']);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PosestreamError) return error.code;
    throw error;
  }
  return 'none';
}

function withFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-map-'));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const map of [smallMap(), smallVladMap()])
  test(`a map ${map.vlad === undefined ? '' : 'with a VLAD '}comes back from its bytes as it went in`, () => {
    const { sha256, ...rest } = decodeMap(encodeMap(map), 'small.map');
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, map);
  });

test('only a map with a VLAD has the version that older builds refuse', () => {
  const versionOf = (map: MapContent) => new DataView(encodeMap(map).buffer).getUint32(8, true);
  assert.deepEqual([versionOf(smallMap()), versionOf(smallVladMap())], [1, 2]);
});

test('bytes that do not lie on an aligned address are read as well', () => {
  const bytes = encodeMap(smallMap());
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const { sha256: _, ...rest } = decodeMap(shifted.subarray(1), 'small.map');
  assert.deepEqual(rest, smallMap());
});

test('equal maps are equal bytes', () => {
  assert.deepEqual(encodeMap(smallMap()), encodeMap(smallMap()));
});

test('every truncation is an error code', () => {
  const bytes = encodeMap(smallVladMap());
  for (let length = 0; length < bytes.length; length++)
    assert.ok(ERRORS.has(codeOf(() => decodeMap(bytes.slice(0, length), 'cut'))), `length ${length}`);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  assert.equal(
    codeOf(() => decodeMap(longer, 'longer')),
    'E_MAP_CORRUPT',
  );
});

test('every single-bit flip is an error code', () => {
  const bytes = encodeMap(smallVladMap());
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    assert.ok(ERRORS.has(codeOf(() => decodeMap(bytes, 'flipped'))), `bit ${bit}`);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
  assert.equal(
    codeOf(() => decodeMap(bytes, 'whole')),
    'none',
  );
});

test('an altered map is refused or sound even where its digest fits', () => {
  const count = fuzzContainer(3000, 5);
  assert.ok(count.refused > 500 && count.accepted > 500, JSON.stringify(count));
});

test('another version and a foreign file are told apart', () => {
  const bytes = encodeMap(smallMap());
  bytes[8] = 9;
  assert.equal(
    codeOf(() => decodeMap(bytes, 'new.map')),
    'E_MAP_VERSION',
  );
  assert.equal(
    codeOf(() => decodeMap(new TextEncoder().encode('x'.repeat(500)), 'x')),
    'E_MAP_CORRUPT',
  );
});

test('a map that contradicts itself is not written', () => {
  type Change = (map: MapContent) => void;
  const changes: readonly Change[] = [
    (m) => m.observations.point.fill(4),
    (m) => m.observations.offsets.set([0, 6, 3, 8]),
    (m) => m.observations.xyPx.fill(Number.NaN),
    (m) => m.keyframes.camera.fill(1),
    (m) => m.keyframes.worldFromCam.fill(0),
    (m) => m.keyframes.globals.fill(Number.NaN),
    (m) => m.points.xyz.fill(Number.POSITIVE_INFINITY),
    (m) => m.points.trackLength.fill(3),
    (m) => m.covisibility.neighbour.fill(3),
    (m) => m.covisibility.offsets.fill(0),
    (m) => m.vlad?.basis.fill(Number.NaN),
    (m) => m.vlad?.centres.fill(Number.POSITIVE_INFINITY),
    (m) => Object.assign(m.vlad ?? {}, { clusters: 3 }),
    (m) => Object.assign(m.vlad ?? {}, { outputDim: 2 }),
    (m) => Object.assign(m.vlad ?? {}, { mean: new Float32Array(1) }),
    (m) => Object.assign(m.header.model, { globalDim: 3 }),
    (m) => Object.assign(m, { vlad: undefined }),
  ];
  for (const [i, change] of changes.entries()) {
    const map = smallVladMap();
    change(map);
    assert.equal(
      codeOf(() => encodeMap(map)),
      'E_INTERNAL',
      `change ${i}`,
    );
  }
});

test('a map file is written whole, and leaves nothing beside it', () => {
  withFolder((folder) => {
    const path = join(folder, 'a.map');
    writeFileSync(path, 'the old one');
    writeMap(path, smallMap());
    const { sha256: _, ...rest } = readMap(path);
    assert.deepEqual(rest, smallMap());
    assert.equal(
      codeOf(() => writeMap(join(folder, 'no', 'a.map'), smallMap())),
      'E_FILE_NOT_FOUND',
    );
    assert.equal(
      codeOf(() => readMap(folder)),
      'E_FILE_INVALID',
    );
    assert.deepEqual(readdirSync(folder), ['a.map']);
  });
  assert.equal(
    codeOf(() => readMap('/nowhere/a.map')),
    'E_FILE_NOT_FOUND',
  );
});

test('a full disk has its own code', () => {
  const cause = Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' });
  assert.equal(fileError(cause, 'a.map').code, 'E_DISK_FULL');
});

test('a map and a network that do not belong together are refused', () => {
  const map: MapModel = decodeMap(encodeMap(smallMap()), 'small.map');
  const model = map.header.model;
  assertMapFitsModel(map, { ...model, name: 'renamed' });
  for (const other of [{ sha256: 'cd'.repeat(32) }, { descriptorDim: 64 }, { globalDim: 0 }])
    assert.equal(
      codeOf(() => assertMapFitsModel(map, { ...model, ...other })),
      'E_MAP_MODEL_MISMATCH',
    );
});
