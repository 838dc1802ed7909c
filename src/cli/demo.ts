import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { lastValueFrom, takeUntil } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Gateway } from '../server/gateway.js';
import { action, EXIT } from './command.js';
import { demoMap } from './demoMap.js';
import { portNumber } from './numbers.js';
import { DEFAULT_MODEL } from './openLocalizer.js';
import { openPage } from './openPage.js';
import { serveStreams } from './serveStreams.js';
import { aborted } from './signals.js';
import { startStatusLine } from './statusLine.js';
import { colour, say } from './terminal.js';

const EXAMPLES = `
Examples:
  posestream demo
  posestream demo --port 9000

Builds a map from a rendered drive through a town, drives through again on the other lane, and says for every frame
where the camera is. The town is synthetic; nothing is downloaded.`;

const TOWN = fileURLToPath(new URL('../../fixtures/town/', import.meta.url));
const DEFAULT_PORT = 8080;

interface Options {
  readonly port?: number;
  readonly open: boolean;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('a rendered town, localized live in your browser')
    .option('--port <n>', `port of the page (default: ${DEFAULT_PORT}, or a free one)`, portNumber)
    .option('--no-open', 'do not open the page')
    .addHelpText('after', EXAMPLES)
    .action(action((signal, options: Options) => demo(options, signal), EXIT.ok));
}

async function demo(options: Options, signal: AbortSignal): Promise<void> {
  const folder = `${TOWN}day-other-lane/`;
  if (!existsSync(folder))
    throw new PosestreamError('E_FILE_NOT_FOUND', `${folder} is not there.`, {
      hint: 'Install the package anew.',
    });
  const mapPath = await demoMap(`${TOWN}day-map/`, signal);
  if (signal.aborted) return;
  const stream = { id: 'drive', ...filesOf(folder), realtime: true, loop: true };
  const listen = { port: options.port ?? DEFAULT_PORT, isPortWish: options.port === undefined };
  const setup = { mapPath, modelPath: DEFAULT_MODEL };
  const { gateway, outcomes, close } = await serveStreams([stream], listen, setup, signal);
  try {
    announce(gateway, options.open);
    const line = startStatusLine(stream.reference);
    await lastValueFrom(outcomes.pipe(takeUntil(aborted(signal)), line), { defaultValue: null });
  } finally {
    await close();
  }
}

const filesOf = (folder: string) => ({
  source: `${folder}video.mp4`,
  intrinsics: `${folder}intrinsics.json`,
  reference: `${folder}poses.tum`,
});

function announce(gateway: Gateway, open: boolean): void {
  say(`${colour.bold('The town is live:')} ${colour.cyan(gateway.url)}   Ctrl-C stops`);
  if (open) openPage(gateway.url);
}
