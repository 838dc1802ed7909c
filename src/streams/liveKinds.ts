import { hlsInput } from './hls.js';
import type { OpenInput } from './liveInput.js';
import { mpegTsInput } from './mpegTs.js';
import { rtmpInput } from './rtmp.js';
import { rtspInput } from './rtsp.js';
import type { LiveAddress } from './sourceUrl.js';
import { v4l2Input } from './v4l2.js';

const KINDS: Readonly<Record<LiveAddress['kind'], (address: LiveAddress) => OpenInput>> = {
  rtsp: rtspInput,
  rtmp: rtmpInput,
  srt: mpegTsInput,
  udp: mpegTsInput,
  hls: hlsInput,
  v4l2: v4l2Input,
};

/** How ffmpeg opens a live address. */
export const liveInput = (address: LiveAddress): OpenInput => KINDS[address.kind](address);
