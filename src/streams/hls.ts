import { LOW_DELAY, type OpenInput, SHORT_PROBE } from './liveInput.js';
import { redactUrl } from './redactUrl.js';
import type { LiveAddress } from './sourceUrl.js';

const SOCKET_TIMEOUT_US = '5000000';

/** A live playlist (RFC 8216) over HTTP or HTTPS, from its newest segment. Segments arrive whole, so its frames come in
 * bursts and are some seconds old when they arrive: a camera with RTSP, SRT or RTMP is fresher. */
export function hlsInput({ url }: LiveAddress): OpenInput {
  return () => ({
    label: redactUrl(url),
    input: url,
    isListener: false,
    clock: 'media',
    beginsAgain: true,
    inputOptions: [
      ...['-protocol_whitelist', 'http,https,tcp,tls,crypto', '-format_whitelist', 'hls,mpegts,mov,mp4'],
      ...['-f', 'hls', '-live_start_index', '-1', '-rw_timeout', SOCKET_TIMEOUT_US],
      ...SHORT_PROBE,
      ...LOW_DELAY,
      ...['-noautorotate', '-copyts'],
    ],
  });
}
