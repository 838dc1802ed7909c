import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import type { ModelIdentity } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import { decodeMap, encodeMap, type MapContent } from './container.js';
import { fileError, isFileError } from './fileError.js';

/** Reads and checks a map. Throws E_FILE_NOT_FOUND, E_FILE_INVALID, E_MAP_CORRUPT, E_MAP_VERSION. */
export function readMap(path: string): MapModel {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw fileError(cause, path);
  }
  return decodeMap(bytes, basename(path));
}

/** Writes beside the target and renames, so that a reader sees the old map or the new one and never half of one.
 * Throws E_DISK_FULL, E_FILE_NOT_FOUND, E_FILE_INVALID. */
export function writeMap(path: string, map: MapContent): void {
  const bytes = encodeMap(map);
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeDurably(draft, bytes);
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw isFileError(cause) ? fileError(cause, path) : cause;
  }
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Descriptors of two networks cannot be compared. Throws E_MAP_MODEL_MISMATCH. */
export function assertMapFitsModel(map: MapModel, model: ModelIdentity): void {
  const built = map.header.model;
  const fits =
    built.sha256 === model.sha256 &&
    built.descriptorDim === model.descriptorDim &&
    built.globalDim === model.globalDim;
  if (fits) return;
  throw new PosestreamError(
    'E_MAP_MODEL_MISMATCH',
    `The map was built with ${describe(built)}, the network is ${describe(model)}.`,
    { hint: 'Use the network the map was built with, or build the map again with this one.' },
  );
}

function describe(model: ModelIdentity): string {
  return `${model.name} ${model.version} (sha256 ${model.sha256.slice(0, 12)}, ${model.descriptorDim}-d)`;
}
