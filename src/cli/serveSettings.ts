import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import { parseConfig, type ServeConfig } from '../server/config.js';
import { type StreamConfig, serveConfig } from '../server/configSchema.js';
import type { RestRules } from '../server/rest/rules.js';
import { parseSource } from '../streams/sourceUrl.js';
import { usageError } from './command.js';

/** Flags of `serve` that say the same as a configuration file. */
export interface ServeFlags {
  readonly map?: string;
  readonly stream: readonly string[];
  readonly intrinsics?: string;
  readonly reference?: string;
  readonly model?: string;
  readonly host?: string;
  readonly port?: number;
  readonly loop?: boolean;
  readonly record?: string;
}

/** What the server runs with: paths absolute, flags over the file's text. Throws E_CONFIG. */
export function settingsFromText(text: string, path: string, flags: ServeFlags): ServeConfig {
  return withFlags(absolute(parseConfig(text, path), dirname(resolve(path))), flags);
}

/** The same without a file. Throws E_USAGE. */
export function settingsFromFlags(flags: ServeFlags): ServeConfig {
  if (flags.map === undefined)
    throw usageError('No map is given.', 'posestream serve --map town.map --stream car=drive.mp4');
  if (flags.stream.length === 0)
    throw usageError('No stream is given.', '--stream car=drive.mp4 names one; a YAML file may hold many.');
  return withFlags(serveConfig.parse({ map: resolve(flags.map), streams: [] }), flags);
}

function absolute(config: ServeConfig, folder: string): ServeConfig {
  const from = (path: string) => resolve(folder, path);
  const optional = (path: string | undefined) => (path === undefined ? undefined : from(path));
  return {
    ...config,
    map: from(config.map),
    mapRoots: config.mapRoots?.map(from),
    model: optional(config.model),
    record: optional(config.record),
    sources: { ...config.sources, fileRoots: config.sources.fileRoots.map(from) },
    streams: config.streams.map((stream) => absoluteStream(stream, from)),
  };
}

function absoluteStream(stream: StreamConfig, from: (path: string) => string): StreamConfig {
  const optional = (path: string | undefined) => (path === undefined ? undefined : from(path));
  const { intrinsics, reference } = stream;
  const source = parseSource(stream.source);
  return {
    ...stream,
    source: source.kind === 'file' ? from(source.path) : stream.source,
    intrinsics: optional(intrinsics),
    reference: optional(reference),
  };
}

function withFlags(config: ServeConfig, flags: ServeFlags): ServeConfig {
  const { host = config.listen.host, port = config.listen.port } = flags;
  const { map = config.map, model = config.model, record = config.record } = flags;
  const here = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  return {
    ...config,
    ...{ map: resolve(map), model: here(model), record: here(record) },
    listen: { ...config.listen, host, port },
    streams: flags.stream.length > 0 ? flagStreams(flags) : config.streams,
  };
}

function flagStreams({ stream, intrinsics, reference, loop }: ServeFlags): StreamConfig[] {
  const taken = new Set<string>();
  return stream.map((text) => {
    const [, id, source] = /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})=(.+)$/.exec(text) ?? [];
    if (id === undefined)
      throw usageError(`--stream ${text} is not of the form id=source.`, '--stream car=drive.mp4');
    if (taken.has(id))
      throw usageError(`Two streams are called ${id}.`, 'Give every --stream an id of its own.');
    taken.add(id);
    const stream = { id, source, intrinsics, reference, realtime: true, loop: loop ?? false };
    return absoluteStream(stream, (path) => resolve(path));
  });
}

/** What may be named over REST.
 * @param baseDir what relative paths are meant from */
export function rulesOf({ map, mapRoots, sources }: ServeConfig, baseDir: string): RestRules {
  return { baseDir, sources, mapRoots: mapRoots ?? [dirname(map)] };
}

/** Throws E_FILE_NOT_FOUND for the first file a configuration names that is not there. */
export function checkFiles({ map, model, streams }: ServeConfig): void {
  const named = (key: string, path: string | undefined) => (path === undefined ? [] : [{ key, path }]);
  const files = streams.flatMap(({ id, source, intrinsics, reference }) => [
    ...(parseSource(source).kind === 'file' ? named(`source of ${id}`, source) : []),
    ...named(`intrinsics of ${id}`, intrinsics),
    ...named(`reference of ${id}`, reference),
  ]);
  for (const { key, path } of [...named('map', map), ...named('model', model), ...files])
    if (!existsSync(path))
      throw new PosestreamError('E_FILE_NOT_FOUND', `${path} is not there (${key}).`, {
        hint: 'Paths are meant from where the configuration lies.',
      });
}
