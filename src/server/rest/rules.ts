import { resolve } from 'node:path';
import { PosestreamError } from '../../domain/errors.js';
import { redactUrl } from '../../streams/redactUrl.js';
import { checkPolicy, realPathWithin, type SourcePolicy } from '../../streams/sourcePolicy.js';
import { parseSource } from '../../streams/sourceUrl.js';
import type { StreamConfig } from '../configSchema.js';

/** What may be named over REST. */
export interface RestRules {
  /** Relative paths are meant from here. */
  readonly baseDir: string;
  readonly sources: SourcePolicy;
  /** Folders that maps may lie in. */
  readonly mapRoots: readonly string[];
}

/** The stream with its paths as they really are, links followed, so that what was checked is what is opened.
 * Throws E_SOURCE_URL where the source or a file beside it is not allowed. */
export async function allowedStream(stream: StreamConfig, rules: RestRules): Promise<StreamConfig> {
  const file = (path: string) => allowedFile(resolve(rules.baseDir, path), rules);
  const optional = async (path: string | undefined) => (path === undefined ? undefined : file(path));
  const source = parseSource(stream.source);
  if (source.kind !== 'file') await checkPolicy(source, rules.sources);
  return {
    ...stream,
    source: source.kind === 'file' ? await file(source.path) : stream.source,
    intrinsics: await optional(stream.intrinsics),
    reference: await optional(stream.reference),
  };
}

async function allowedFile(path: string, { sources }: RestRules): Promise<string> {
  const real = await realPathWithin(path, sources.fileRoots);
  if (real !== null) return real;
  throw refused(path, 'there is no such file in a folder that sources may lie in', 'sources.fileRoots');
}

/** Throws E_SOURCE_URL where a map is in none of the folders for maps. */
export async function allowedMap(path: string, { baseDir, mapRoots }: RestRules): Promise<string> {
  const real = await realPathWithin(resolve(baseDir, path), mapRoots);
  if (real !== null) return real;
  throw refused(path, 'there is no such file in a folder that maps may lie in', 'mapRoots');
}

const refused = (path: string, why: string, key: string): PosestreamError =>
  new PosestreamError('E_SOURCE_URL', `'${redactUrl(path).slice(0, 200)}' is not allowed: ${why}.`, {
    hint: `The configuration lists those folders under ${key}.`,
  });
