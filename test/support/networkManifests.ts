import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { repositoryPath, sharedPath } from './shared.js';

/** Manifests of networks that others trained; their files are not part of the project. */
export const OTHERS = {
  xfeat: 'test/fixtures/xfeat.json',
  xfeatLogits: 'test/fixtures/xfeat-logits.json',
  alikedT16: 'test/fixtures/aliked-t16.json',
} as const;

/** A manifest whose file this machine has, written anew with the file's place; null where it has none. */
export function manifestAtHand(manifest: string): string | null {
  const path = repositoryPath(manifest);
  if (!existsSync(path)) return null;
  const fields: { readonly file: string } = JSON.parse(readFileSync(path, 'utf8'));
  const [, shared] = fields.file.split('shared/');
  const file = shared === undefined ? resolve(path, '..', fields.file) : sharedPath(shared);
  if (!existsSync(file)) return null;
  const folder = mkdtempSync(join(tmpdir(), 'posestream-manifest-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const copy = join(folder, 'manifest.json');
  writeFileSync(copy, JSON.stringify({ ...fields, file }));
  return copy;
}
