import type { ChildProcess } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import Ffmpeg from 'fluent-ffmpeg';
import { PosestreamError } from '../domain/errors.js';
import type { FfmpegTool } from './ffmpegTool.js';
import { guardOrphan } from './orphanGuard.js';
import { redactorFor } from './redactUrl.js';

/** The only file that knows fluent-ffmpeg: it starts ffmpeg and ends it. */

export interface FfmpegCommand {
  /** URL or `file:` path, as ffmpeg reads it, or the bytes themselves; these are destroyed when ffmpeg ends, with
   * E_SOURCE_STALL where it was ended by us: the bytes were not at fault. */
  readonly input: string | Readable;
  readonly inputOptions: readonly string[];
  readonly outputOptions: readonly string[];
  /** A second output of the same input, beside the one on `stdout`. */
  readonly side?: SideOutput;
  /** Told what a filter writes to `pipe:4`. */
  readonly onNote?: (chunk: Buffer) => void;
  /** Told every line of stderr, credentials redacted. */
  readonly onLine?: (line: string) => void;
  /** Told what ffmpeg only warns of. */
  readonly onWarning?: (line: string) => void;
  /** Told the process id. */
  readonly onStart?: (pid: number) => void;
}

export interface SideOutput {
  readonly options: readonly string[];
  readonly onData: (chunk: Buffer) => void;
}

export interface FfmpegEnd {
  /** null where a signal ended it, or where it never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines of stderr, credentials redacted. */
  readonly lines: readonly string[];
}

export interface FfmpegRun {
  readonly stdout: Readable;
  /** Resolves when the process is gone and reaped; never rejects. */
  readonly ended: Promise<FfmpegEnd>;
  /** Asks it to end, kills it after a short grace, and waits until it is gone. */
  readonly stop: () => Promise<FfmpegEnd>;
  /** Kills it at once: for one that does not answer. */
  readonly kill: () => void;
}

/** Stands before the message, and behind who says it, where levels are asked for. */
const LEVEL = /\[(warning|error|fatal|panic)\] /;
const GRACE_MS = 200;
const KEPT_LINES = 30;
const alive = new Set<ChildProcess>();

// A process that exits on its own takes its decoders along; they would only notice at their next write.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts ffmpeg with its output on `stdout`. Reading slowly makes it wait: the pipe holds 64 KiB, this side 1 MiB.
 * The arguments go as an array, never through a shell. */
export function runFfmpeg(tool: FfmpegTool, command: FfmpegCommand): FfmpegRun {
  const redact = redactorFor(typeof command.input === 'string' ? command.input : '');
  const lines: string[] = [];
  // `close` of the target would make the wrapper signal a process that is just about to end by itself.
  const stdout = new PassThrough({ highWaterMark: 1 << 20, emitClose: false, autoDestroy: false });
  const state: { child: ChildProcess | null; isStopped: boolean } = { child: null, isStopped: false };
  const ended = new Promise<FfmpegEnd>((resolve) => {
    const finish = (code: number | null, signal: NodeJS.Signals | null) => {
      if (typeof command.input !== 'string') command.input.destroy(state.isStopped ? stopped() : undefined);
      resolve({ code, signal, lines });
    };
    const run = Ffmpeg(command.input, { stdoutLines: KEPT_LINES })
      .setFfmpegPath(tool.path)
      .inputOptions('-hide_banner', '-nostdin', '-loglevel', command.onWarning ? 'level+warning' : 'error')
      .inputOptions(...command.inputOptions)
      .outputOptions('-flush_packets', '1', ...command.outputOptions)
      .output(stdout);
    if (command.side)
      run.output(`pipe:${SIDE_FD}`).outputOptions('-flush_packets', '1', ...command.side.options);
    if (command.side || command.onNote) openMorePipes(run);
    run.on('stderr', (line: string) => {
      const safe = redact(line.replace(LEVEL, ''));
      if (LEVEL.exec(line)?.[1] === 'warning') {
        command.onWarning?.(safe);
        return;
      }
      lines.push(safe);
      if (lines.length > KEPT_LINES) lines.shift();
      command.onLine?.(safe);
    });
    run.on('start', () => {
      const { ffmpegProc: child } = run as unknown as { readonly ffmpegProc: ChildProcess };
      state.child = child;
      alive.add(child);
      child.once('exit', () => alive.delete(child));
      child.once('close', finish);
      listen(child, SIDE_FD, command.side?.onData);
      listen(child, NOTE_FD, command.onNote);
      if (child.pid !== undefined) {
        child.once('exit', guardOrphan(child.pid));
        command.onStart?.(child.pid);
      }
      if (state.isStopped) child.kill('SIGKILL');
    });
    run.on('error', (error: Error) => {
      if (state.child) return;
      lines.push(redact(error.message));
      stdout.end();
      finish(null, null);
    });
    run.on('end', () => undefined);
    run.run();
  });

  const stop = async (): Promise<FfmpegEnd> => {
    state.isStopped = true;
    stdout.resume();
    state.child?.kill('SIGTERM');
    const timer = new AbortController();
    const late = delay(GRACE_MS, undefined, { signal: timer.signal }).then(kill, () => undefined);
    const end = await ended;
    timer.abort();
    await late;
    return end;
  };
  const kill = (): void => {
    state.isStopped = true;
    stdout.resume();
    state.child?.kill('SIGKILL');
  };
  return { stdout, ended, stop, kill };
}

const stopped = () =>
  new PosestreamError('E_SOURCE_STALL', 'The decoder was stopped.', { hint: 'Begin again.' });

const SIDE_FD = 3;
const NOTE_FD = 4;

function listen(child: ChildProcess, fd: number, onData: (chunk: Buffer) => void = () => undefined): void {
  child.stdio[fd]?.on('data', onData).on('error', () => undefined);
}

type Spawn = (args: string[], options: object, ...callbacks: unknown[]) => void;

/** The wrapper opens three pipes and knows no option for more. */
function openMorePipes(run: Ffmpeg.FfmpegCommand): void {
  const inner = run as unknown as { _spawnFfmpeg: Spawn };
  const spawn = inner._spawnFfmpeg;
  inner._spawnFfmpeg = (args, given, ...callbacks) =>
    spawn.call(run, args, { ...given, stdio: new Array(NOTE_FD + 1).fill('pipe') }, ...callbacks);
}
