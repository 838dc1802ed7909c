import { type ChildProcess, spawn } from 'node:child_process';

/** A shell that reads our lists of children and waits for our end, however it comes: then what was last on the list is
 * killed. Ctrl-C in a terminal reaches it too, and must not end it before us. */
const GUARD = `trap '' INT TERM HUP; while read -r line; do live=$line; done; [ -z "$live" ] || kill -9 $live 2>/dev/null`;

const guarded = new Set<number>();
let guard: ChildProcess | null = null;

/** Sees to it that this child does not outlive our process, not even one killed by SIGKILL. A decoder that writes would
 * notice at its next frame; one that waits for a camera never would. Does nothing on Windows.
 * @returns what to call once the child is gone, before its number can be given to another process */
export function guardOrphan(pid: number): () => void {
  if (process.platform === 'win32') return () => undefined;
  guarded.add(pid);
  tellGuard();
  return () => {
    guarded.delete(pid);
    tellGuard();
  };
}

function tellGuard(): void {
  guard ??= startGuard();
  guard.stdin?.write(`${[...guarded].join(' ')}\n`);
}

function startGuard(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', GUARD], { stdio: ['pipe', 'ignore', 'ignore'] });
  const forget = (): void => {
    if (guard === child) guard = null;
  };
  child.once('error', forget).once('exit', forget);
  child.stdin?.on('error', forget);
  // It must not keep us from ending.
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return child;
}
