import pc from 'picocolors';

/** C0 and C1: a message must not move the cursor of the terminal that shows it. */
const CONTROL = /\p{Cc}+/gu;

/** A line of JSON as a person reads it: time, stream, level where it is not the usual one, message, the rest.
 * @param line  one object of `createLog`
 * @param isColoured  with the colours of a terminal */
export function formatLogLine(line: string, isColoured: boolean): string {
  const { level, time, stream, event, message, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const colour = pc.createColors(isColoured);
  const levels = { error: colour.red, warn: colour.yellow, debug: colour.dim };
  const paint = levels[level as keyof typeof levels] ?? String;
  const more = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  return `${[
    colour.dim(String(time).slice(11, 19)),
    ...(stream === undefined ? [] : [colour.bold(plain(stream))]),
    paint(plain(message ?? event)),
    ...(more.length === 0 ? [] : [colour.dim(plain(more.join(' ')))]),
  ].join(' ')}\n`;
}

const plain = (value: unknown): string => String(value).replace(CONTROL, ' ');
