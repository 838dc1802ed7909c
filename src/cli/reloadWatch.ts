import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { readTextFile } from '../map/posedFolder.js';

/** Editors write in pieces, or write another file and rename it. */
const SETTLE_MS = 200;

export interface Watched {
  /** The text differs from what was read last. One at a time; what changes meanwhile is read afterwards. */
  readonly onText: (text: string) => Promise<void>;
  /** SIGHUP came and the file cannot be read, or its folder cannot be watched. */
  readonly onTrouble: (error: unknown) => void;
}

/** Reads a file whenever it changes, and on SIGHUP, until the signal aborts. Its folder is watched, since a file that is
 * replaced is another file; whatever moves there, the text decides. */
export function watchText(path: string, first: string, watched: Watched, signal: AbortSignal): void {
  let last = first;
  let timer: NodeJS.Timeout | null = null;
  let busy = false;
  let again = false;

  const read = (): string | null => {
    try {
      return readTextFile(path);
    } catch {
      // Between two names there is no file for a moment.
      return null;
    }
  };

  async function look(): Promise<void> {
    timer = null;
    if (busy) again = true;
    if (busy || signal.aborted) return;
    const text = read();
    if (text === null || text === last) return;
    last = text;
    busy = true;
    try {
      await watched.onText(text);
    } finally {
      busy = false;
      if (again) soon();
      again = false;
    }
  }

  // Not put off by further changes: a folder where much is written would never settle.
  const soon = (): void => {
    timer ??= setTimeout(() => void look(), SETTLE_MS);
  };

  const hangUp = (): void => {
    if (timer) clearTimeout(timer);
    try {
      readTextFile(path);
    } catch (error) {
      watched.onTrouble(error);
      return;
    }
    // Whoever asks hears an answer, and streams that failed are tried again, also where the text is the same.
    last = '';
    void look();
  };

  const stop = watchFolder(dirname(path), soon, watched.onTrouble);
  process.on('SIGHUP', hangUp);
  signal.addEventListener(
    'abort',
    () => {
      if (timer) clearTimeout(timer);
      stop();
      process.off('SIGHUP', hangUp);
    },
    { once: true },
  );
}

/** SIGHUP still works where a folder cannot be watched, or not any longer. */
function watchFolder(folder: string, onChange: () => void, onTrouble: (error: unknown) => void): () => void {
  try {
    const watcher = watch(folder, onChange);
    watcher.on('error', (error) => {
      watcher.close();
      onTrouble(error);
    });
    return () => watcher.close();
  } catch (error) {
    onTrouble(error);
    return () => undefined;
  }
}
