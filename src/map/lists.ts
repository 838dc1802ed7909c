import { PosestreamError } from '../domain/errors.js';
import { contentLines, lineError, parseNumber } from './textLines.js';

/** File names, one a line. Throws E_FILE_INVALID for an empty list or a name that comes twice. */
export function parseList(text: string, file: string): string[] {
  const seen = new Map<string, number>();
  for (const line of contentLines(text)) {
    const before = seen.get(line.text);
    if (before !== undefined)
      throw lineError(
        'E_FILE_INVALID',
        file,
        line.number,
        `${line.text} is already on line ${before}`,
        'Name it once.',
      );
    seen.set(line.text, line.number);
  }
  if (seen.size === 0)
    throw new PosestreamError('E_FILE_INVALID', `${file} names no files.`, {
      hint: 'Write one file name a line.',
    });
  return [...seen.keys()];
}

export interface TimedName {
  readonly timeS: number;
  readonly name: string;
}

/** `images.csv`: timestamp,file. Throws E_FILE_INVALID naming file and line. */
export function parseImagesCsv(text: string, file: string): TimedName[] {
  const hint = 'A line holds: timestamp,file name';
  const seen = new Set<string>();
  return contentLines(text)
    .filter((line) => line.number > 1 || !/^timestamp\b/i.test(line.text))
    .map((line) => {
      const comma = line.text.indexOf(',');
      const timeS = parseNumber(line.text.slice(0, Math.max(comma, 0)).trim());
      const name = line.text.slice(comma + 1).trim();
      if (timeS === null || name === '')
        throw lineError(
          'E_FILE_INVALID',
          file,
          line.number,
          `'${line.text}' is not a timestamp and a name`,
          hint,
        );
      if (seen.has(name))
        throw lineError('E_FILE_INVALID', file, line.number, `${name} comes twice`, 'Name each image once.');
      seen.add(name);
      return { timeS, name };
    });
}
