import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { lastValueFrom } from 'rxjs';
import { readTextFile } from '../map/posedFolder.js';
import { accessTokens } from '../server/access.js';
import type { ServeConfig } from '../server/config.js';
import { action, EXIT } from './command.js';
import { EXAMPLE_CONFIG } from './exampleConfig.js';
import { portNumber } from './numbers.js';
import { DEFAULT_MODEL } from './openLocalizer.js';
import { type LogFlags, logFormatFlag, logLevelFlag, openLog } from './openLog.js';
import { followConfig, type ReloadOptions } from './reloadConfig.js';
import {
  checkFiles,
  rulesOf,
  type ServeFlags,
  settingsFromFlags,
  settingsFromText,
} from './serveSettings.js';
import { serveStreams } from './serveStreams.js';
import { aborted } from './signals.js';
import { say } from './terminal.js';

const EXAMPLES = `
Examples:
  posestream serve --example > posestream.yaml
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

interface Options extends ServeFlags, LogFlags {
  readonly check?: boolean;
  readonly example?: boolean;
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
    .option('--check', 'say whether the configuration and its files are in order, and end')
    .option('--example', 'print a configuration with everything there is, and end')
    .addHelpText('after', EXAMPLES)
    .action(
      action(
        (signal, config: string | undefined, options: Options) => serve(config, options, signal),
        EXIT.ok,
      ),
    );
}

const collect = (value: string, before: readonly string[]) => [...before, value];

async function serve(path: string | undefined, options: Options, signal: AbortSignal): Promise<void> {
  if (options.example) {
    process.stdout.write(EXAMPLE_CONFIG);
    return;
  }
  const text = path === undefined ? '' : readTextFile(path);
  const parse = (text: string) =>
    path === undefined ? settingsFromFlags(options) : settingsFromText(text, path, options);
  const config = parse(text);
  if (options.check) check(config, path ?? 'The command line');
  else await run(config, path === undefined ? null : { path, text, parse }, options, signal);
}

function check(config: ServeConfig, name: string): void {
  checkFiles(config);
  const streams = config.streams.map(({ id }) => id).join(', ') || 'no stream';
  say(`${name} is in order: ${streams} in ${config.map}`);
}

type Followed = Pick<ReloadOptions, 'path' | 'text' | 'parse'>;

/** @param file what is followed while the server runs; null where everything came from flags */
async function run(
  config: ServeConfig,
  file: Followed | null,
  flags: LogFlags,
  signal: AbortSignal,
): Promise<void> {
  const setup = { mapPath: config.map, modelPath: config.model ?? DEFAULT_MODEL };
  const { listen, limits, record, recordImagesHz, outputs } = config;
  const rules = rulesOf(config, resolve(file === null ? '.' : dirname(file.path)));
  const secrets = accessTokens(listen).map(({ token }) => token);
  const log = openLog(flags, secrets);
  const door = { ...listen, limits, record, recordImagesHz, outputs, rules, log };
  const { gateway, control, close } = await serveStreams(config.streams, door, setup, signal);
  try {
    const { url } = gateway;
    log.event('info', 'listening', `${url} is open; poses at ${url.replace(/^http/, 'ws')}poses`);
    if (file !== null) followConfig({ ...file, running: config, control, log }, signal);
    await lastValueFrom(aborted(signal));
    log.event('info', 'stopping', 'stopping');
  } finally {
    await close();
  }
}
