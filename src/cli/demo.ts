import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { lastValueFrom, takeUntil } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Gateway } from '../server/gateway.js';
import { action, EXIT } from './command.js';
import { demoMap } from './demoMap.js';
import { portNumber } from './numbers.js';
import { DEFAULT_MODEL, type OpenLocalizer, openLocalizer } from './openLocalizer.js';
import { openPage } from './openPage.js';
import { type Listen, type ServedStream, serveStreams } from './serveStreams.js';
import { tooLate } from './signals.js';
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
  const localizer = await openLocalizer({ mapPath, modelPath: DEFAULT_MODEL, options: { evidence: true } });
  try {
    await play({ id: 'drive', ...filesOf(folder), realtime: true, loop: true }, localizer, options, signal);
  } finally {
    await localizer.close();
  }
}

const filesOf = (folder: string) => ({
  source: `${folder}video.mp4`,
  intrinsics: `${folder}intrinsics.json`,
  reference: `${folder}poses.tum`,
});

async function play(stream: ServedStream, localizer: OpenLocalizer, options: Options, signal: AbortSignal) {
  const { gateway, outcomes } = await serveOnFreePort(options.port, (listen) =>
    serveStreams([stream], listen, localizer, signal),
  );
  try {
    announce(gateway, options.open);
    const status = startStatusLine(stream.reference);
    await lastValueFrom(outcomes.pipe(takeUntil(tooLate(signal)), status), { defaultValue: null });
  } finally {
    await gateway.close();
  }
}

function announce(gateway: Gateway, open: boolean): void {
  say(`${colour.bold('The town is live:')} ${colour.cyan(gateway.url)}   Ctrl-C stops`);
  if (open) openPage(gateway.url);
}

/** The usual port, or any free one where that is taken; a port that was asked for is taken or nothing is. */
async function serveOnFreePort<T>(
  asked: number | undefined,
  serve: (listen: Listen) => Promise<T>,
): Promise<T> {
  try {
    return await serve({ port: asked ?? DEFAULT_PORT });
  } catch (error) {
    const isTaken = error instanceof PosestreamError && error.code === 'E_PORT_IN_USE';
    if (!isTaken || asked !== undefined) throw error;
    return serve({ port: 0 });
  }
}
