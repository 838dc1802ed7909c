import { fileURLToPath } from 'node:url';
import { PosestreamError } from '../domain/errors.js';
import { redactUrl } from './redactUrl.js';

export type SourceAddress =
  | { readonly kind: 'rtsp'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string };

const SCHEMES = ['rtsp', 'rtsps', 'file'] as const;

/** What a person may name as a source: an RTSP or RTSPS URL, a file URL, or a path. Everything else that looks like a
 * scheme is refused, since ffmpeg would give it a meaning. Throws E_SOURCE_URL; the message holds no credentials. */
export function parseSource(spec: string): SourceAddress {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(spec)?.[1].toLowerCase();
  if (scheme === undefined) return { kind: 'file', path: nonEmpty(spec) };
  if (scheme === 'file') return { kind: 'file', path: filePath(spec) };
  if (scheme === 'rtsp' || scheme === 'rtsps') return { kind: 'rtsp', url: checkRtspUrl(spec) };
  throw badUrl(spec, `scheme ${scheme}: is not among ${SCHEMES.join(', ')}`);
}

/** The URL if it is one that ffmpeg's RTSP client may get: right scheme, a host, no control characters. */
export function checkRtspUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed?.hostname) throw badUrl(url, 'it names no host');
  if (!['rtsp:', 'rtsps:'].includes(parsed.protocol)) throw badUrl(url, 'its scheme is not rtsp or rtsps');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not pass
  if (/[\u0000-\u0020\u007f]/.test(url)) throw badUrl(url, 'it holds spaces or control characters');
  return url;
}

function filePath(spec: string): string {
  try {
    return fileURLToPath(spec);
  } catch {
    throw badUrl(spec, 'it is not a file URL of this machine');
  }
}

function nonEmpty(path: string): string {
  if (path === '' || path.includes('\0')) throw badUrl(path, 'it is not a path');
  return path;
}

function badUrl(url: string, why: string): PosestreamError {
  const shown = redactUrl(url).slice(0, 200);
  return new PosestreamError('E_SOURCE_URL', `Source '${shown}' cannot be used: ${why}.`, {
    hint: 'Give rtsp://host/path, or the path of a video file or of a folder of images.',
  });
}
