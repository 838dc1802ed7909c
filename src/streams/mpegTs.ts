import { ARRIVAL_TIME, LOW_DELAY, type OpenInput, SHORT_PROBE } from './liveInput.js';
import { redactUrl } from './redactUrl.js';
import type { LiveAddress } from './sourceUrl.js';

/** An MPEG transport stream over SRT, as caller or listener, or over UDP, where we always wait for packets. */
export function mpegTsInput({ url, kind, isListener }: LiveAddress): OpenInput {
  return () => ({
    label: redactUrl(url),
    input: kind === 'udp' ? withQuery(url, 'overrun_nonfatal=1&fifo_size=2000') : url,
    isListener,
    clock: 'arrival',
    inputOptions: [
      ...['-protocol_whitelist', kind, '-format_whitelist', 'mpegts', '-f', 'mpegts'],
      ...SHORT_PROBE,
      ...LOW_DELAY,
      ...ARRIVAL_TIME,
    ],
  });
}

const withQuery = (url: string, query: string) => `${url}${url.includes('?') ? '&' : '?'}${query}`;
