import { ARRIVAL_TIME, LOW_DELAY, type OpenInput } from './liveInput.js';
import type { LiveAddress } from './sourceUrl.js';

/** A camera of this machine (Linux, Video4Linux2), in the format it offers first. */
export function v4l2Input({ url }: LiveAddress): OpenInput {
  return () => ({
    label: url,
    input: url,
    isListener: false,
    clock: 'arrival',
    inputOptions: ['-format_whitelist', 'video4linux2,v4l2', '-f', 'v4l2', ...LOW_DELAY, ...ARRIVAL_TIME],
  });
}
