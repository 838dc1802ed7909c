import cliProgress from 'cli-progress';
import pc from 'picocolors';

/** Colours for stderr; plain where it is no terminal or NO_COLOR is set. */
export const colour = pc.createColors(process.stderr.isTTY === true && process.env.NO_COLOR === undefined);

/** A message for the person at the keyboard; stdout is kept for results. */
export function say(line = ''): void {
  process.stderr.write(`${line}\n`);
}

export interface Progress {
  readonly update: (done: number, note?: string) => void;
  readonly stop: () => void;
}

/** A bar with time left on a terminal; elsewhere one line at the start and one at the end. */
export function startProgress(label: string, total: number): Progress {
  return process.stderr.isTTY ? barProgress(label, total) : plainProgress(label, total);
}

function barProgress(label: string, total: number): Progress {
  const bar = new cliProgress.SingleBar({
    format: `${label.padEnd(22)} {bar} {value}/{total}  {eta_formatted} left  {note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    stream: process.stderr,
    clearOnComplete: false,
  });
  bar.start(total, 0, { note: '' });
  return { update: (done, note = '') => bar.update(done, { note }), stop: () => bar.stop() };
}

function plainProgress(label: string, total: number): Progress {
  let last = 0;
  say(`${label}: ${total}`);
  return {
    update: (done) => {
      last = done;
    },
    stop: () => say(`${label}: ${last} done`),
  };
}
