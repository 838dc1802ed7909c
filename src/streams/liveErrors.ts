import { PosestreamError } from '../domain/errors.js';
import type { FfmpegEnd } from './ffmpeg.js';
import { lastLine } from './probe.js';

interface Reason {
  readonly pattern: RegExp;
  readonly what: string;
  readonly hint: string;
}

const REFUSED: Reason = {
  pattern:
    /40[13] (Unauthorized|Forbidden)|authorization failed|ERROR:UNAUTH|Bad ?secret|Connection rejected/i,
  what: 'refuses the credentials',
  hint: 'Check user and password (rtsp://user:password@host/path), or the passphrase.',
};

const REASONS: readonly Reason[] = [
  REFUSED,
  {
    pattern: /404 Not Found|method DESCRIBE failed: 404|NetStream\.Play\.StreamNotFound/i,
    what: 'knows no such stream',
    hint: "Check the path of the URL in the camera's manual.",
  },
  {
    pattern: /Address already in use/i,
    what: 'cannot be listened on: the port is taken',
    hint: 'Choose another port, or end the program that holds it.',
  },
  {
    pattern: /Cannot assign requested address/i,
    what: 'cannot be listened on: this machine has no such address',
    hint: 'Listen on 127.0.0.1 or on an address of this machine.',
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
  {
    pattern: /No such file or directory|No such device|Permission denied/i,
    what: 'cannot be opened',
    hint: 'Check that the camera is plugged in and that you may use it (group video).',
  },
  {
    pattern: /Could not find codec parameters|unspecified size|Decoder .*not found|no decoder/i,
    what: 'sends a video that cannot be decoded',
    hint: 'Set the camera to H.264 or H.265.',
  },
  {
    pattern: /matches no streams|does not contain any stream/i,
    what: 'sends no video',
    hint: 'Check that the stream has a picture, for instance with ffplay.',
  },
];

/** Why a live connection ended; it never ends well by itself, whatever the exit code says.
 * @param label the source as messages name it, without credentials */
export function judgeLive(label: string, end: FfmpegEnd, frames: number): PosestreamError {
  const text = end.lines.join('\n');
  const reason = frames === 0 ? REASONS.find(({ pattern }) => pattern.test(text)) : undefined;
  const what = reason?.what ?? (frames > 0 ? 'ended the stream' : `gave no stream: ${lastLine(text)}`);
  return new PosestreamError('E_SOURCE_OPEN', `${label} ${what}.`, {
    hint: reason?.hint ?? 'Check that the camera streams, for instance with ffplay.',
    cause: reason,
  });
}

/** True where trying again would only lock the account. */
export const isRefusal = (error: PosestreamError): boolean => error.cause === REFUSED;
