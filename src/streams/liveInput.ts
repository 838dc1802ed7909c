import type { Readable } from 'node:stream';
import type { FfmpegTool } from './ffmpegTool.js';

/** One live source as ffmpeg opens it. */
export interface LiveInput {
  /** How messages name it, credentials as `***`. */
  readonly label: string;
  readonly input: string | Readable;
  /** Options before the input: the format and the protocols it may use, nothing else. */
  readonly inputOptions: readonly string[];
  /** We wait for a camera or an encoder to connect; that none does is no failure. */
  readonly isListener: boolean;
  /** `arrival`: timestamps are the time of arrival. `media`: they are the source's own, which then say what lies between
   * two frames; for frames that come in bursts. */
  readonly clock: 'arrival' | 'media';
  /** A new connection begins with pictures that the one before had given. */
  readonly beginsAgain?: true;
  /** The sender may tell its own clock (RTCP sender reports), and this ffmpeg may hand it on. Called where it turned out
   * that it cannot. */
  readonly giveUpSender?: () => void;
}

/** Made anew for every connection, since options go by other names in other versions. May wait for a sender; rejects when
 * the signal aborts. */
export type OpenInput = (tool: FfmpegTool, signal: AbortSignal) => LiveInput | Promise<LiveInput>;

/** As little delay as ffmpeg can. Without `-fflags nobuffer`, which throws away what was probed, and that is the key frame
 * a camera sends at once: the next one comes seconds later. */
export const LOW_DELAY: readonly string[] = ['-flags', 'low_delay', '-threads', '1'];

/** Frames bear the time of their arrival. */
export const ARRIVAL_TIME: readonly string[] = [
  ...['-noautorotate', '-use_wallclock_as_timestamps', '1', '-copyts'],
];

/** Nothing is read ahead to find out what the stream holds: for protocols that announce it. */
export const NO_PROBE: readonly string[] = ['-probesize', '32', '-analyzeduration', '0'];

/** Enough of a transport stream to meet its tables and the first parameter sets. */
export const SHORT_PROBE: readonly string[] = ['-probesize', '500000', '-analyzeduration', '500000'];
