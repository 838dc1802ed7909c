import { ARRIVAL_TIME, LOW_DELAY, type OpenInput, SHORT_PROBE } from './liveInput.js';
import { redactUrl } from './redactUrl.js';
import type { LiveAddress } from './sourceUrl.js';

/** An RTMP stream we fetch, or, as a listener, one that a drone or an encoder publishes to us. */
export function rtmpInput({ url, isListener }: LiveAddress): OpenInput {
  return () => ({
    label: redactUrl(url),
    input: url,
    isListener,
    clock: 'arrival',
    inputOptions: [
      ...['-protocol_whitelist', 'rtmp,rtmps,tcp,tls', '-format_whitelist', 'flv,live_flv', '-f', 'flv'],
      ...(isListener ? ['-listen', '1'] : []),
      ...SHORT_PROBE,
      ...LOW_DELAY,
      ...ARRIVAL_TIME,
    ],
  });
}
