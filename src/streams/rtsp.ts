import { rtspTimeoutOption, tellsSenderTime } from './ffmpegTool.js';
import { ARRIVAL_TIME, LOW_DELAY, NO_PROBE, type OpenInput } from './liveInput.js';
import { redactUrl } from './redactUrl.js';
import type { LiveAddress } from './sourceUrl.js';

const SOCKET_TIMEOUT_US = '5000000';

/** A camera that serves RTSP or RTSPS, or, as a listener, an encoder that announces its stream to us (RFC 2326,
 * ANNOUNCE and RECORD). Over TCP: lost packets come late instead of breaking pictures. */
export function rtspInput({ url, isListener }: LiveAddress): OpenInput {
  let mayTell = true;
  const giveUpSender = () => {
    mayTell = false;
  };
  return (tool) => ({
    label: redactUrl(url),
    input: url,
    isListener,
    clock: 'arrival',
    giveUpSender: mayTell && tellsSenderTime(tool) ? giveUpSender : undefined,
    inputOptions: [
      ...['-protocol_whitelist', 'tcp,tls,rtp,udp', '-format_whitelist', 'rtsp', '-f', 'rtsp'],
      ...(isListener
        ? ['-rtsp_flags', 'listen']
        : ['-rtsp_transport', 'tcp', rtspTimeoutOption(tool), SOCKET_TIMEOUT_US]),
      ...NO_PROBE,
      ...LOW_DELAY,
      ...ARRIVAL_TIME,
    ],
  });
}
