import { Command, InvalidArgumentError } from 'commander';
import { lastValueFrom } from 'rxjs';
import { readRecording } from '../server/formats/readRecording.js';
import { createReplay } from '../server/formats/replay.js';
import { createGateway, type Gateway } from '../server/gateway.js';
import { action, EXIT } from './command.js';
import { portNumber } from './numbers.js';
import { aborted } from './signals.js';
import { colour, say } from './terminal.js';
import { packageVersion } from './version.js';

const EXAMPLES = `
Examples:
  posestream serve posestream.yaml --record drive.mcap
  posestream replay drive.mcap                     the same page, the same messages, at the same pace
  posestream replay drive.mcap --rate 10 --wait    ten times as fast, from when somebody listens`;

interface Options {
  readonly host: string;
  readonly port: number;
  readonly rate: number;
  readonly wait?: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('serve the poses of a recording as they were served then')
    .argument('<recording.mcap>')
    .option('--host <address>', 'address of this machine to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes any free one', portNumber, 8080)
    .option('--rate <x>', 'how many times as fast', positive, 1)
    .option('--wait', 'start when the first client of /poses has come')
    .addHelpText('after', EXAMPLES)
    .action(action((signal, path: string, options: Options) => replay(path, options, signal), EXIT.ok));
}

async function replay(path: string, options: Options, signal: AbortSignal): Promise<void> {
  const monotonicMs = () => performance.now();
  const replayed = createReplay(await readRecording(path), { rate: options.rate, monotonicMs });
  const gateway = await createGateway({
    ...{ host: options.host, port: options.port, serverVersion: packageVersion() },
    ...replayed.gatewayOptions,
  });
  try {
    say(`${colour.bold('posestream')} ${gateway.url}   replays ${path}   Ctrl-C stops`);
    if (options.wait) await firstClient(gateway, signal);
    await replayed.play(gateway, signal);
    if (!signal.aborted) say('The recording is over; the last poses stay.');
    await lastValueFrom(aborted(signal));
  } finally {
    await gateway.close();
  }
}

async function firstClient(gateway: Gateway, signal: AbortSignal): Promise<void> {
  while (gateway.clients() === 0 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 belongs here.');
  return value;
}
