import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { lastValueFrom } from 'rxjs';
import { readTextFile } from '../map/posedFolder.js';
import { accessTokens } from '../server/access.js';
import { parseConfig, type ServeConfig, type StreamConfig } from '../server/config.js';
import { action, EXIT, usageError } from './command.js';
import { isUrl } from './input.js';
import { portNumber } from './numbers.js';
import { DEFAULT_MODEL } from './openLocalizer.js';
import { type LogFlags, logFormatFlag, logLevelFlag, openLog } from './openLog.js';
import { serveStreams } from './serveStreams.js';
import { aborted } from './signals.js';

const EXAMPLES = `
Examples:
  posestream serve posestream.yaml
  posestream serve --map town.map --stream car=drive.mp4 --intrinsics cam.json
  posestream serve --map site.map --stream drone=rtsp://127.0.0.1:8554/cam --intrinsics cam.json --port 9000

posestream.yaml:
  listen: { host: 127.0.0.1, port: 8080 }
  map: town.map
  streams:
    - id: car
      source: drive.mp4          # or rtsp://…, srt://…, push: and others, see docs/serve.md
      intrinsics: cam.json
      loop: true

Poses leave at ws://127.0.0.1:8080/poses as JSON; the page is at http://127.0.0.1:8080/.`;

interface Options extends LogFlags {
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

export function serveCommand(): Command {
  return new Command('serve')
    .description('live poses of one or more streams over WebSocket, with a page to watch them')
    .argument('[config]', 'YAML file; flags override it')
    .option('--map <file>', 'map to localize in')
    .option(
      '--stream <id=source>',
      'a video file, a live address (rtsp: rtmp: srt: udp: https:) or push:; may be repeated',
      collect,
      [],
    )
    .option('--intrinsics <file>', 'camera of the --stream sources')
    .option('--reference <file>', 'TUM truth of the --stream sources, to show the error')
    .option('--model <manifest>', 'network')
    .option('--host <address>', 'address to listen on')
    .option('--port <n>', 'port to listen on; 0 takes any free one', portNumber)
    .option('--loop', 'play --stream files again and again')
    .option('--record <file>', 'write poses and all that belongs to them to an MCAP file')
    .addOption(logFormatFlag())
    .addOption(logLevelFlag())
    .addHelpText('after', EXAMPLES)
    .action(
      action(
        (signal, config: string | undefined, options: Options) => serve(config, options, signal),
        EXIT.ok,
      ),
    );
}

const collect = (value: string, before: readonly string[]) => [...before, value];

async function serve(configPath: string | undefined, options: Options, signal: AbortSignal): Promise<void> {
  const settings = configPath === undefined ? fromFlags(options) : override(readConfig(configPath), options);
  const setup = { mapPath: settings.map, modelPath: settings.model ?? DEFAULT_MODEL };
  const log = openLog(
    options,
    accessTokens(settings.listen).map(({ token }) => token),
  );
  const { gateway, close } = await serveStreams(settings.streams, { ...settings.listen, log }, setup, signal);
  try {
    log.event(
      'info',
      'listening',
      `${gateway.url} is open; poses at ${gateway.url.replace(/^http/, 'ws')}poses`,
    );
    await lastValueFrom(aborted(signal));
    log.event('info', 'stopping', 'stopping');
  } finally {
    await close();
  }
}

interface Settings {
  readonly map: string;
  readonly model?: string;
  readonly streams: readonly StreamConfig[];
  readonly listen: ServeConfig['listen'] & {
    readonly limits: ServeConfig['limits'];
    readonly record?: string;
    readonly outputs?: ServeConfig['outputs'];
    readonly recordImagesHz?: number;
  };
}

/** Paths in a configuration are meant from where it lies. */
function readConfig(path: string): Settings {
  const { listen, limits, map, model, streams, ...rest } = parseConfig(readTextFile(path), path);
  const from = (file: string) => resolve(dirname(path), file);
  const optional = (file: string | undefined) => (file === undefined ? undefined : from(file));
  return {
    map: from(map),
    model: optional(model),
    listen: { ...listen, limits, ...rest, record: optional(rest.record) },
    streams: streams.map((stream) => ({
      ...stream,
      source: isUrl(stream.source) ? stream.source : from(stream.source),
      intrinsics: optional(stream.intrinsics),
      reference: optional(stream.reference),
    })),
  };
}

function override(settings: Settings, options: Options): Settings {
  const streams = options.stream.length > 0 ? flagStreams(options) : settings.streams;
  const {
    map = settings.map,
    model = settings.model,
    host = settings.listen.host,
    port = settings.listen.port,
    record = settings.listen.record,
  } = options;
  return { map, model, streams, listen: { ...settings.listen, host, port, record } };
}

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 8080, limits: {} };

function fromFlags(options: Options): Settings {
  if (options.map === undefined)
    throw usageError('No map is given.', 'posestream serve --map town.map --stream car=drive.mp4');
  if (options.stream.length === 0)
    throw usageError('No stream is given.', '--stream car=drive.mp4 names one; a YAML file may hold many.');
  return override({ map: options.map, streams: [], listen: DEFAULT_LISTEN }, options);
}

function flagStreams({ stream, intrinsics, reference, loop }: Options): StreamConfig[] {
  const taken = new Set<string>();
  return stream.map((text) => {
    const [, id, source] = /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})=(.+)$/.exec(text) ?? [];
    if (id === undefined)
      throw usageError(`--stream ${text} is not of the form id=source.`, '--stream car=drive.mp4');
    if (taken.has(id))
      throw usageError(`Two streams are called ${id}.`, 'Give every --stream an id of its own.');
    taken.add(id);
    return { id, source, intrinsics, reference, realtime: true, loop: loop ?? false };
  });
}
