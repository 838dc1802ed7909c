import type { SourceStatus } from '../server/wire.js';

/** What a person at the terminal should know of the streams: trouble once, however often a source tries again, and its
 * end. A stream that just works says nothing. */
export function streamNotes(tell: (line: string) => void) {
  const inTrouble = new Set<string>();
  return (id: string, status: SourceStatus): void => {
    if (status.kind === 'streaming') {
      if (inTrouble.delete(id)) tell(`${id}: streaming`);
      return;
    }
    const note = noteOf(status);
    if (note === null || (status.kind === 'retrying' && inTrouble.has(id))) return;
    inTrouble.add(id);
    tell(`${id}: ${note}`);
  };
}

function noteOf(status: SourceStatus): string | null {
  if (status.kind === 'retrying' && status.message !== undefined)
    return `${status.message} It is tried again.`;
  if (status.kind === 'failed') return [status.code, status.message, status.hint ?? ''].join(' ').trim();
  return status.kind === 'ended' || status.kind === 'paused' ? status.kind : null;
}
