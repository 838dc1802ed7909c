import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { type ServerMessage, serverMessage } from '../../src/server/wire.js';
import { hasFfmpeg } from '../clips.js';
import { repositoryPath } from './shared.js';
import { until } from './until.js';

/** Why tests of workers and decoders cannot run here; false where they can. */
export const cannotWatchProcesses = !hasFfmpeg
  ? 'no ffmpeg and ffprobe on the PATH'
  : process.platform === 'linux'
    ? false
    : 'processes are looked up in /proc';

export interface ServeProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Every line it told so far. */
  readonly lines: readonly string[];
  /** SIGTERM; resolves with how it ended and after how long. */
  readonly stop: () => Promise<{ readonly code: number | null; readonly ms: number }>;
}

/** From the sources; POSESTREAM_PROGRAM names a built program to run in their place. */
const program = (): string[] => {
  const built = process.env.POSESTREAM_PROGRAM;
  return built === undefined ? ['--import', 'tsx', repositoryPath('src/cli/main.ts')] : [built];
};

/** The real `serve` as a process of its own, as soon as it listens. */
export async function startServe(...args: string[]): Promise<ServeProcess> {
  const command = [...program(), 'serve', ...args, '--port', '0'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  const address = (): string | undefined =>
    lines.map((line) => /http:\/\/\S+\//.exec(line)?.[0]).find(Boolean);
  await until(() => address() !== undefined || child.exitCode !== null, 'a server that listens');
  const url = address();
  if (url === undefined) throw new Error(lines.join('\n'));
  const stop = async () => {
    const startedMs = performance.now();
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await exited;
    return { code: code as number | null, ms: performance.now() - startedMs };
  };
  return { child, url, lines, stop };
}

/** Process ids of everything below a process. Linux only. */
export function descendants(pid: number): number[] {
  let children: string;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    return [];
  }
  return children
    .split(' ')
    .filter(Boolean)
    .flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

/** The worker that a server has now; null between two. */
export function workerOf(pid: number): number | null {
  const isWorker = (child: number): boolean => {
    try {
      return /cli\/worker\.[jt]s/.test(readFileSync(`/proc/${child}/cmdline`, 'utf8'));
    } catch {
      return false;
    }
  };
  return descendants(pid).find(isWorker) ?? null;
}

/** Gone, or a corpse nobody has collected. */
export function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

export type PoseMessage = Extract<ServerMessage, { type: 'pose' }>;
export type StatusMessage = Extract<ServerMessage, { type: 'status' }>;

export interface Listener {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[];
  readonly poses: (stream: string) => PoseMessage[];
  readonly statuses: (stream: string) => StatusMessage[];
  readonly close: () => void;
}

/** A client of `/poses` that keeps every message it hears, each checked against the schema. */
export async function listenTo(url: string): Promise<Listener> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}poses`);
  const messages: ServerMessage[] = [];
  socket.on('message', (data) => messages.push(serverMessage.parse(JSON.parse(String(data)))));
  await once(socket, 'open');
  return {
    socket,
    messages,
    poses: (stream) => messages.filter((m): m is PoseMessage => m.type === 'pose' && m.stream === stream),
    statuses: (stream) =>
      messages.filter((m): m is StatusMessage => m.type === 'status' && m.stream === stream),
    close: () => socket.close(),
  };
}

export interface Books {
  readonly in: number;
  readonly posed: number;
  readonly lost: number;
  readonly dropped: number;
  readonly workerLost: number;
  readonly inFlight: number;
}

/** What the newest status says of a stream's frames. */
export function booksOf({ statistics }: Pick<StatusMessage, 'statistics'>): Books {
  const { counters, inFlight = 0 } = statistics;
  const dropped = Object.values(counters.dropped).reduce((sum, n) => sum + n, 0);
  const { posed, lost } = counters;
  return {
    in: counters.in,
    posed,
    lost,
    dropped,
    workerLost: counters.dropped['worker-lost'] ?? 0,
    inFlight,
  };
}
