import { EXAMPLE_CONFIG } from '../src/cli/exampleConfig.js';
import { PosestreamError } from '../src/domain/errors.js';
import { createRandom } from '../src/kernels/random.js';
import { parseConfig } from '../src/server/config.js';
import { errorAnswer } from '../src/server/rest/schemas.js';
import { type HostileRequest, hostileRequest, hostileYaml } from './restHostile.js';
import { type Reply, restServer } from './restServer.js';

export interface FuzzReport {
  /** How often each answer came. */
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
  /** Most work that one made, ms of processor time, with what went on beside it; the least of a few tries. */
  readonly slowestMs: number;
}

const SLOW_MS = 100;
const TRIES = 5;
const HANG_MS = 20_000;
/** Every setting there is, switched on. */
const FULL = EXAMPLE_CONFIG.replaceAll(/^(\s*)#(?=[a-zA-Z-])/gm, '$1');
const ENV = {
  HOME: '/root',
  POSE_TOKEN: 'a'.repeat(16),
  DASHBOARD_TOKEN: 'b'.repeat(16),
  PHONE_TOKEN: 'c'.repeat(16),
};
/** Requests under way at once. */
const AT_ONCE = 16;

/** Hostile bodies against the REST interface over real HTTP. Every one must be answered, with a code where it is
 * refused, nothing may be opened that policy forbids, and nothing may be a bug. */
export async function fuzzRest(count: number, seed: number): Promise<FuzzReport> {
  const random = createRandom(seed);
  const server = await restServer({ maxStreams: 8 });
  const book = books();
  const one = async (): Promise<void> => {
    const request = hostileRequest(random);
    const reply = await quickest(() => server.ask(request.method, request.path, request), book);
    book.answered(verdictOf(reply, request, book.fail));
  };
  for (let done = 0; done < count; done += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - done) }, one));
  for (const warning of server.warnings) book.fail(`a bug: ${warning}`);
  for (const asked of server.asked) if (asked.startsWith('swap')) book.fail(`a map from outside: ${asked}`);
  for (const { id } of server.hello().streams)
    if (server.configOf(id)?.source !== 'push:') book.fail(`opened: ${server.configOf(id)?.source}`);
  await server.close();
  return book.report();
}

function verdictOf(reply: Reply | Error, request: HostileRequest, fail: (what: string) => void): string {
  const about = `${request.method} ${request.path} ${Buffer.from(request.body).toString('latin1').slice(0, 200)}`;
  if (reply instanceof Error) {
    fail(`no answer (${reply.message}): ${about}`);
    return 'none';
  }
  if (reply.status < 300) return String(reply.status);
  const parsed = errorAnswer.safeParse(safeJson(reply));
  if (!parsed.success || reply.status >= 500) fail(`${reply.status} ${reply.text.slice(0, 200)}: ${about}`);
  return `${reply.status} ${parsed.data?.error.code}`;
}

function safeJson(reply: Reply): unknown {
  try {
    return reply.json();
  } catch {
    return null;
  }
}

/** Hostile configuration files: each is taken or refused with E_CONFIG, its place and few words. */
export async function fuzzConfig(count: number, seed: number): Promise<FuzzReport> {
  const random = createRandom(seed);
  const book = books();
  for (let i = 0; i < count; i++) {
    const text = hostileYaml(random, FULL);
    const verdict = await quickest(async () => tryConfig(text), book);
    if (verdict instanceof Error) book.fail(`${verdict.message}: ${JSON.stringify(text.slice(0, 300))}`);
    book.answered(verdict instanceof Error ? 'none' : verdict);
    if (i % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return book.report();
}

function tryConfig(text: string): string {
  try {
    parseConfig(text, 'posestream.yaml', ENV);
    return 'taken';
  } catch (error) {
    if (!(error instanceof PosestreamError)) throw error;
    if (error.message.length > 1000) throw new Error(`${error.message.length} characters of message`);
    return error.code;
  }
}

function books() {
  const answers: Record<string, number> = {};
  const failures: string[] = [];
  let slowestMs = 0;
  const fail = (what: string): void => {
    if (failures.length < 100) failures.push(what);
  };
  return {
    fail,
    took: (ms: number) => {
      slowestMs = Math.max(slowestMs, ms);
      if (ms > SLOW_MS) fail(`took ${Math.round(ms)} ms`);
    },
    answered: (verdict: string) => {
      answers[verdict] = (answers[verdict] ?? 0) + 1;
    },
    report: (): FuzzReport => ({ answers, failures, slowestMs }),
  };
}

/** Counts the time this process worked, not the time others kept it waiting; a hang is a failure of its own. */
async function quickest<T>(ask: () => Promise<T>, book: { took: (ms: number) => void }): Promise<T | Error> {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; ; n++) {
    const before = process.cpuUsage();
    const deadline = new Promise<Error>((resolve) => {
      setTimeout(() => resolve(new Error(`no answer within ${HANG_MS} ms`)), HANG_MS).unref();
    });
    const result = await Promise.race([ask().catch((error: unknown) => error as Error), deadline]);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
    if (best <= SLOW_MS || n === TRIES - 1) {
      book.took(best);
      return result;
    }
  }
}
