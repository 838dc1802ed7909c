import { type ErrorCode, PosestreamError } from '../domain/errors.js';

/** A line of a text file with its number, counted from 1, for messages. */
export interface TextLine {
  readonly number: number;
  readonly text: string;
}

/** Lines that say something: no blanks, no `#` comments, no byte order mark, either line ending. */
export function contentLines(text: string): TextLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, i) => ({ number: i + 1, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));
}

/** A number as decimal text writes it; null for anything else, also for blanks, hex and infinities. */
export function parseNumber(text: string): number | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

export function lineError(
  code: ErrorCode,
  file: string,
  line: number,
  what: string,
  hint: string,
): PosestreamError {
  return new PosestreamError(code, `${file}, line ${line}: ${what}.`, { hint });
}
