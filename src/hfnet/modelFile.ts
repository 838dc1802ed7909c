import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import type { ModelIdentity } from '../domain/features.js';
import { faultsError } from './faults.js';
import { type ModelManifest, parseManifest } from './manifest.js';

export interface LoadedModel {
  readonly manifest: ModelManifest;
  /** The ONNX file, already checked against the manifest's size and sha256. */
  readonly bytes: Uint8Array;
  readonly path: string;
}

/** Reads a manifest and its ONNX file. Some altered files load silently in onnxruntime and compute something else,
 * so the digest is checked before it sees a byte.
 * @throws PosestreamError E_FILE_NOT_FOUND, E_MODEL_MANIFEST, E_MODEL_CORRUPT */
export function loadModel(manifestPath: string): LoadedModel {
  const manifest = parseManifest(read(manifestPath, 'model manifest').toString('utf8'), manifestPath);
  const path = resolve(dirname(manifestPath), manifest.file);
  const bytes = read(path, 'network');
  const digest = sha256Hex(bytes);
  const faults = [
    ...differing('bytes', manifest.bytes, bytes.length),
    ...differing('sha256', manifest.sha256, digest),
  ];
  if (faults.length > 0) throw faultsError('E_MODEL_CORRUPT', path, faults, { hint: FETCH_AGAIN });
  return { manifest, bytes, path };
}

const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What a map remembers of the network it was built with. */
export const identityOf = ({ name, version, sha256, descriptor, global }: ModelManifest): ModelIdentity => ({
  name,
  version,
  sha256,
  descriptorDim: descriptor.dim,
  globalDim: global?.dim ?? 0,
});

function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const hint = 'Check the path; "file" in a manifest is relative to the manifest.';
    throw new PosestreamError('E_FILE_NOT_FOUND', `Cannot read the ${what} ${path}.`, { hint, cause });
  }
}

const differing = <T>(field: string, stated: T, found: T): string[] =>
  stated === found ? [] : [`${field} is ${found}, its manifest says ${stated}`];

const FETCH_AGAIN =
  'Fetch the file again; if it was changed on purpose, write its new size and sha256 into the manifest.';
