import { PosestreamError } from '../domain/errors.js';
import type { FfmpegEnd } from './ffmpeg.js';
import { lastLine } from './probe.js';
import { redactUrl } from './redactUrl.js';

interface Reason {
  readonly pattern: RegExp;
  readonly what: string;
  readonly hint: string;
}

const REFUSED: Reason = {
  pattern: /40[13] (Unauthorized|Forbidden)|authorization failed/i,
  what: 'refuses the credentials',
  hint: 'Check user and password in rtsp://user:password@host/path.',
};

const REASONS: readonly Reason[] = [
  REFUSED,
  {
    pattern: /404 Not Found|method DESCRIBE failed: 404/i,
    what: 'knows no such stream',
    hint: "Check the path of the URL in the camera's manual.",
  },
  {
    pattern: /Connection refused/i,
    what: 'does not accept connections',
    hint: 'Check host and port, and that the camera is on.',
  },
  {
    pattern: /timed out|No route to host|unreachable|resolve/i,
    what: 'cannot be reached',
    hint: 'Check the host name and the network.',
  },
];

/** Why a live connection ended; it never ends well by itself, whatever the exit code says. */
export function judgeLive(url: string, end: FfmpegEnd, frames: number): PosestreamError {
  const text = end.lines.join('\n');
  const reason = frames === 0 ? REASONS.find(({ pattern }) => pattern.test(text)) : undefined;
  const what = reason?.what ?? (frames > 0 ? 'ended the stream' : `gave no stream: ${lastLine(text)}`);
  return new PosestreamError('E_SOURCE_OPEN', `${redactUrl(url)} ${what}.`, {
    hint: reason?.hint ?? 'Check that the camera streams, for instance with ffplay.',
    cause: reason,
  });
}

/** True where trying again would only lock the account. */
export const isRefusal = (error: PosestreamError): boolean => error.cause === REFUSED;
