import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../src/kernels/random.js';
import { flood, hostileConnection } from './cases.js';
import { converse } from './connection.js';
import type { GatewayFigures } from './gatewayChild.js';
import type { WitnessFigures } from './witnessChild.js';

export interface AttackReport {
  readonly messages: number;
  readonly connections: number;
  /** Connections by how they ended. */
  readonly closes: Readonly<Record<string, number>>;
  /** Where what came back was not what had to. */
  readonly surprises: readonly string[];
  readonly gateway: GatewayFigures;
  readonly witness: WitnessFigures;
}

const AT_ONCE = 32;
const MAX_SURPRISES = 20;
/** Rare among the others; a short attack has some of each kind as well. */
const FLOODS = 5;

const child = (name: string, ...args: readonly string[]): ChildProcess =>
  fork(fileURLToPath(new URL(name, import.meta.url)), args, { execArgv: ['--import', 'tsx'] });

async function ask<T>(of: ChildProcess): Promise<T> {
  of.send('figures');
  return (await once(of, 'message'))[0] as T;
}

/** Sends at least so many hostile messages to a gateway of its own, each connection told from its number and the seed.
 * @param onProgress messages sent so far */
export async function attack(
  messages: number,
  seed: number,
  onProgress: (sent: number) => void = () => undefined,
): Promise<AttackReport> {
  const gateway = child('gatewayChild.ts');
  let crash: string | null = null;
  gateway.on('exit', (code, signal) => {
    crash = `the gateway ended with ${code ?? signal}`;
  });
  const [port] = (await once(gateway, 'message')) as [number];
  const witness = child('witnessChild.ts', `http://127.0.0.1:${port}`);
  await once(witness, 'message');
  await Promise.all([ask(gateway), ask(witness)]);

  const closes: Record<string, number> = {};
  const surprises: string[] = [];
  let sent = 0;
  let connections = 0;
  const worker = async (): Promise<void> => {
    while (sent < messages && crash === null && surprises.length < MAX_SURPRISES) {
      const number = connections++;
      const random = createRandom(seed).split(number);
      const parts = number < FLOODS ? [flood(random)] : hostileConnection(random);
      sent += parts.reduce((sum, part) => sum + part.messages, 0);
      const { status, answers, close } = await converse(
        port,
        Buffer.concat(parts.map(({ bytes }) => bytes)),
        random,
      );
      closes[String(close)] = (closes[String(close)] ?? 0) + 1;
      const wanted = parts.reduce((sum, part) => sum + part.answers, 0);
      const wantedCloses = parts.flatMap((part) => part.closes);
      if (status !== 101 || answers !== wanted || !wantedCloses.includes(close ?? -1))
        surprises.push(
          `connection ${number} (${parts
            .map(({ name }) => name)
            .slice(-6)
            .join(
              ', ',
            )}): HTTP ${status}, ${answers} of ${wanted} answers, close ${close} instead of ${wantedCloses.join('/')}`,
        );
      if (number % 500 === 0) onProgress(sent);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (crash !== null) throw new Error(crash);
  const figures = {
    gateway: await ask<GatewayFigures>(gateway),
    witness: await ask<WitnessFigures>(witness),
  };
  witness.disconnect();
  gateway.disconnect();
  return { messages: sent, connections, closes, surprises, ...figures };
}
