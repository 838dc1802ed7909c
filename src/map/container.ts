import { createHash } from 'node:crypto';
import { PosestreamError } from '../domain/errors.js';
import type { MapModel, Vlad } from '../domain/mapModel.js';
import { type MapDocument, mapDocument } from './header.js';
import {
  ALIGNMENT,
  align,
  bytesPerElement,
  SECTION_NAMES,
  type SectionName,
  type SectionPlace,
  type SectionViews,
  VLAD_SECTIONS,
  viewSection,
} from './sections.js';
import { findFault } from './verify.js';

/** One little-endian file:
 *   0  magic, 8 bytes        8  u32 version      12  u32 length of the JSON
 *  16  u64 size of the file 24  8 zero bytes     32  sha256 of everything but these 32 bytes
 *  64  JSON (header, keyframe names, section table), then every section at a multiple of 64. */
const PLAIN_VERSION = 1;
/** With what stands in for a global head; everything else is as before. */
const VLAD_VERSION = 2;
const MAGIC = 'PSTRMMAP';
const PREAMBLE = 64;
const DIGEST_AT = 32;
const REBUILD = 'Build the map again with: posestream map build <folder> --out <map>';

/** A map before it has been written; the digest comes from the bytes. */
export type MapContent = Omit<MapModel, 'sha256'>;

/** The file's bytes. Throws E_INTERNAL where the content contradicts itself. */
export function encodeMap(map: MapContent): Uint8Array<ArrayBuffer> {
  const fault = findFault(map);
  if (fault !== null) throw new PosestreamError('E_INTERNAL', `The map to write is not sound: ${fault}.`);
  const views = viewsOf(map);
  const { json, places, totalBytes } = plan(map, views);
  const bytes = new Uint8Array(totalBytes);
  const head = new DataView(bytes.buffer);
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i);
  head.setUint32(8, map.vlad === undefined ? PLAIN_VERSION : VLAD_VERSION, true);
  head.setUint32(12, json.length, true);
  head.setBigUint64(16, BigInt(totalBytes), true);
  bytes.set(json, PREAMBLE);
  for (const place of places) viewSection(bytes.buffer, 0, place).set(views[place.name]);
  bytes.set(digestOf(bytes), DIGEST_AT);
  return bytes;
}

/** Checks magic, version, sizes and digest before anything is parsed, then the content's own consistency.
 * The arrays are views of `bytes` where it is aligned, so leave it unchanged.
 * @param name what to call the file in messages
 * Throws E_MAP_CORRUPT, E_MAP_VERSION. */
export function decodeMap(bytes: Uint8Array, name: string): MapModel {
  const aligned = isViewable(bytes) ? bytes : new Uint8Array(bytes);
  const sha256 = checkEnvelope(aligned, name);
  const document = parseDocument(aligned, name);
  if ((document.vlad !== undefined) !== (versionOf(aligned) === VLAD_VERSION))
    throw corrupt(name, 'its version does not fit its header');
  const views = readSections(aligned, document, name);
  const map = assemble(document, views, sha256);
  const fault = findFault(map);
  if (fault !== null) throw corrupt(name, fault);
  return map;
}

function isViewable(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0;
}

function corrupt(name: string, what: string): PosestreamError {
  return new PosestreamError('E_MAP_CORRUPT', `${name} is not a sound map: ${what}.`, { hint: REBUILD });
}

const versionOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);

function checkEnvelope(bytes: Uint8Array, name: string): string {
  if (bytes.length < PREAMBLE)
    throw corrupt(name, `it has ${bytes.length} bytes, fewer than a map's preamble`);
  for (let i = 0; i < MAGIC.length; i++)
    if (bytes[i] !== MAGIC.charCodeAt(i)) throw corrupt(name, 'it does not begin like a posestream map');
  const head = new DataView(bytes.buffer, bytes.byteOffset, PREAMBLE);
  const version = versionOf(bytes);
  if (version !== PLAIN_VERSION && version !== VLAD_VERSION)
    throw new PosestreamError(
      'E_MAP_VERSION',
      `${name} is map version ${version}, this build reads ${PLAIN_VERSION} and ${VLAD_VERSION}.`,
      {
        hint: REBUILD,
      },
    );
  const declared = head.getBigUint64(16, true);
  if (declared !== BigInt(bytes.length))
    throw corrupt(name, `it has ${bytes.length} bytes and says it should have ${declared}`);
  if (head.getUint32(12, true) > bytes.length - PREAMBLE)
    throw corrupt(name, 'its header reaches past its end');
  const digest = digestOf(bytes);
  if (!digest.equals(bytes.subarray(DIGEST_AT, DIGEST_AT + 32)))
    throw corrupt(name, 'its sha256 does not match its content');
  return digest.toString('hex');
}

function digestOf(bytes: Uint8Array): Buffer {
  const hash = createHash('sha256');
  hash.update(bytes.subarray(0, DIGEST_AT));
  return hash.update(bytes.subarray(DIGEST_AT + 32)).digest();
}

function parseDocument(bytes: Uint8Array, name: string): MapDocument {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true);
  const text = new TextDecoder().decode(bytes.subarray(PREAMBLE, PREAMBLE + length));
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw corrupt(name, 'its header is not JSON');
  }
  const parsed = mapDocument.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw corrupt(name, `its header field ${issue.path.join('.') || '(root)'}: ${issue.message}`);
}

function readSections(bytes: Uint8Array<ArrayBuffer>, document: MapDocument, name: string): SectionViews {
  const views: Partial<Record<SectionName, SectionViews[SectionName]>> = {};
  for (const place of document.sections) {
    const end = place.offset + place.length * bytesPerElement(place.name);
    if (place.offset % ALIGNMENT !== 0 || end > bytes.length)
      throw corrupt(name, `section ${place.name} does not lie inside it`);
    if (views[place.name] !== undefined) throw corrupt(name, `section ${place.name} comes twice`);
    views[place.name] = viewSection(bytes.buffer, bytes.byteOffset, place);
  }
  const missing = sectionsOf(document).find((section) => views[section] === undefined);
  if (missing !== undefined) throw corrupt(name, `section ${missing} is missing`);
  return views as SectionViews;
}

const sectionsOf = ({ vlad }: Pick<MapDocument, 'vlad'>): readonly SectionName[] =>
  vlad === undefined ? SECTION_NAMES.filter((name) => !VLAD_SECTIONS.includes(name)) : SECTION_NAMES;

function plan(map: MapContent, views: SectionViews) {
  const encode = (base: number) => {
    let offset = base;
    const places: SectionPlace[] = sectionsOf(map).map((name) => {
      const place = { name, offset, length: views[name].length };
      offset = align(offset + views[name].byteLength);
      return place;
    });
    const document = {
      header: map.header,
      ...(map.vlad === undefined ? {} : { vlad: vladNumbers(map.vlad) }),
      keyframeNames: map.keyframes.names,
      globalDim: map.keyframes.globalDim,
      sections: places,
    };
    return { json: new TextEncoder().encode(JSON.stringify(document)), places, totalBytes: offset };
  };
  // The table's offsets are part of the JSON whose length decides them: grow until it fits.
  let base = PREAMBLE;
  for (;;) {
    const planned = encode(base);
    if (align(PREAMBLE + planned.json.length) <= base) return planned;
    base = align(PREAMBLE + planned.json.length);
  }
}

const vladNumbers = ({ clusters, sharpness, keypoints, outputDim }: Vlad) => ({
  ...{ clusters, sharpness, keypoints, outputDim },
});

function viewsOf(map: MapContent): SectionViews {
  const { keyframes, points, observations, covisibility, vlad } = map;
  return {
    'keyframes.timeS': keyframes.timeS,
    'keyframes.worldFromCam': keyframes.worldFromCam,
    'keyframes.camera': keyframes.camera,
    'keyframes.globals': keyframes.globals,
    'points.xyz': points.xyz,
    'points.trackLength': points.trackLength,
    'points.errorPx': points.errorPx,
    'observations.offsets': observations.offsets,
    'observations.point': observations.point,
    'observations.xyPx': observations.xyPx,
    'observations.descriptors': observations.descriptors,
    'covisibility.offsets': covisibility.offsets,
    'covisibility.neighbour': covisibility.neighbour,
    'covisibility.weight': covisibility.weight,
    'vlad.centres': vlad?.centres ?? NO_NUMBERS,
    'vlad.mean': vlad?.mean ?? NO_NUMBERS,
    'vlad.basis': vlad?.basis ?? NO_NUMBERS,
  };
}

const NO_NUMBERS = new Float32Array(0);

function assemble(document: MapDocument, v: SectionViews, sha256: string): MapModel {
  const dim = document.header.model.descriptorDim;
  return {
    header: document.header,
    sha256,
    keyframes: {
      count: document.keyframeNames.length,
      names: document.keyframeNames,
      timeS: v['keyframes.timeS'],
      worldFromCam: v['keyframes.worldFromCam'],
      camera: v['keyframes.camera'],
      globals: v['keyframes.globals'],
      globalDim: document.globalDim,
    },
    points: {
      count: v['points.trackLength'].length,
      xyz: v['points.xyz'],
      trackLength: v['points.trackLength'],
      errorPx: v['points.errorPx'],
    },
    observations: {
      count: v['observations.point'].length,
      offsets: v['observations.offsets'],
      point: v['observations.point'],
      xyPx: v['observations.xyPx'],
      descriptors: v['observations.descriptors'],
      dim,
    },
    covisibility: {
      offsets: v['covisibility.offsets'],
      neighbour: v['covisibility.neighbour'],
      weight: v['covisibility.weight'],
    },
    ...(document.vlad === undefined ? {} : { vlad: vladFrom(document.vlad, v) }),
  };
}

const vladFrom = (numbers: Omit<Vlad, 'centres' | 'mean' | 'basis'>, v: SectionViews): Vlad => ({
  ...numbers,
  centres: v['vlad.centres'],
  mean: v['vlad.mean'],
  basis: v['vlad.basis'],
});
