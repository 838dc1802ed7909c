import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { PosestreamError } from '../domain/errors.js';
import { isLoopbackHost } from './hosts.js';
import { redactUrl } from './redactUrl.js';

/** A source that sends when it likes. */
export interface LiveAddress {
  readonly kind: 'rtsp' | 'rtmp' | 'srt' | 'udp' | 'hls' | 'v4l2';
  /** As ffmpeg gets it. */
  readonly url: string;
  /** We wait and the camera or encoder connects. */
  readonly isListener: boolean;
}

export type SourceAddress =
  | LiveAddress
  | { readonly kind: 'file'; readonly path: string }
  /** A client pushes its video to the gateway's `/ingest/<stream>`. */
  | { readonly kind: 'push' };

const KINDS: Readonly<Record<string, LiveAddress['kind']>> = {
  rtsp: 'rtsp',
  rtsps: 'rtsp',
  rtmp: 'rtmp',
  rtmps: 'rtmp',
  srt: 'srt',
  udp: 'udp',
  http: 'hls',
  https: 'hls',
};

/** What a person may name as a source: a live URL, `push:`, a camera of this machine, a file URL, or a path. Everything else that
 * looks like a scheme is refused, since ffmpeg would give it a meaning.
 *
 * `?mode=listener` waits for an encoder to connect (SRT's own word; RTSP and RTMP take it too); `udp:` always waits.
 * Throws E_SOURCE_URL; the message holds no credentials. */
export function parseSource(spec: string): SourceAddress {
  if (spec === 'push:') return { kind: 'push' };
  if (/^\/dev\/video\d{1,3}$/.test(spec)) return { kind: 'v4l2', url: spec, isListener: false };
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(spec)?.[1].toLowerCase();
  if (scheme === undefined) return { kind: 'file', path: nonEmpty(spec) };
  if (scheme === 'file') return { kind: 'file', path: filePath(spec) };
  if (scheme in KINDS) return liveAddress(KINDS[scheme], spec);
  throw badUrl(spec, `scheme ${scheme}: is not among ${[...Object.keys(KINDS), 'file'].join(', ')}`);
}

function liveAddress(kind: LiveAddress['kind'], spec: string): LiveAddress {
  const url = URL.canParse(spec) ? new URL(spec) : null;
  if (!url?.hostname) throw badUrl(spec, 'it names no host');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not pass
  if (/[\u0000-\u0020\u007f]/.test(spec)) throw badUrl(spec, 'it holds spaces or control characters');
  if ((kind === 'srt' || kind === 'udp') && !(Number(url.port) > 0)) throw badUrl(spec, 'it names no port');
  const isListener = kind === 'udp' || url.searchParams.get('mode') === 'listener';
  if (isListener) checkListener(kind, url, spec);
  return { kind, url: kind === 'rtsp' || kind === 'rtmp' ? withoutMode(spec) : spec, isListener };
}

/** Whoever reaches a listener may send it pictures: beyond this machine only SRT with a passphrase asks who it is. */
function checkListener(kind: LiveAddress['kind'], url: URL, spec: string): void {
  if (kind === 'hls') throw badUrl(spec, 'HLS can only be fetched');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0 && host !== 'localhost') throw badUrl(spec, 'a listener needs an IP address');
  const asksWho = kind === 'srt' && (url.searchParams.get('passphrase') ?? '').length >= 10;
  if (!isLoopbackHost(host) && !asksWho)
    throw badUrl(spec, 'it would take pictures from anyone who reaches it');
}

/** ffmpeg would hand it on to the other side. */
const withoutMode = (spec: string): string =>
  spec.replace(/([?&])mode=(?:listener|caller)(&|$)/, (_, before: string, after: string) =>
    after === '&' ? before : '',
  );

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
    hint: why.includes('anyone') ? LISTENER_HINT : HINT,
  });
}

const HINT =
  'Give rtsp://, rtmp://, srt://, udp:// or an HLS https:// address, push:, /dev/video0, or the path of a video file or of a folder of images.';
const LISTENER_HINT =
  'Listen on 127.0.0.1, take srt:// with passphrase=…, or let the camera push to /ingest/<stream> with a token.';
