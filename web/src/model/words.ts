import type { PosedMessage, SourceStatus } from '../../../src/server/wire.js';
import type { DownReason, Link, StreamLive } from './liveState.js';

/** What the badge says: a tone for its colour, one word, and the rest of the sentence. */
export interface Badge {
  readonly tone: 'posed' | 'lost' | 'waiting' | 'down';
  readonly word: string;
  readonly detail: string;
}

const QUIET_MS = 2000;

interface Loss {
  readonly short: string;
  readonly words: string;
  readonly remedy: string;
}

const LOSSES: Record<string, Loss> = {
  'no-features': {
    short: 'no features',
    words: 'The picture is too dark, blank or covered.',
    remedy: 'Look at lens, exposure and light.',
  },
  'no-place': {
    short: 'unknown place',
    words: 'Nothing in the map looks like this.',
    remedy: 'Go where the map was made, or map this place too.',
  },
  'few-matches': {
    short: 'few matches',
    words: 'Too little of the picture matches the map.',
    remedy: 'Much has changed, or the view is far from any mapped one: map it anew.',
  },
  'few-inliers': {
    short: 'few inliers',
    words: 'The matches do not agree on one pose.',
    remedy: 'Check the intrinsics; a place that only looks alike does this too.',
  },
  'low-coverage': {
    short: 'low coverage',
    words: 'The matches cover too small a part of the picture.',
    remedy: 'Something hides the view, or most of it shows nothing of the map.',
  },
  'ill-conditioned': {
    short: 'ill conditioned',
    words: 'The matches do not pin the pose down.',
    remedy: 'All lie far off or on one line: show nearer things.',
  },
  ambiguous: {
    short: 'ambiguous',
    words: 'Two places fit equally well.',
    remedy: 'Houses repeat here: move on until something differs.',
  },
  jump: {
    short: 'jump',
    words: 'It looks like a place too far off to have moved to. One more frame has to say so.',
    remedy: 'Passes by itself where the camera really moved.',
  },
};

/** A reason this page does not know keeps its own name. */
export const lossOf = (reason: string): Loss =>
  LOSSES[reason] ?? { short: reason.replaceAll('-', ' '), words: reason, remedy: '' };

export const lostInWords = (reason: string): string => lossOf(reason).words;

const DROPS: Record<string, { readonly short: string; readonly words: string }> = {
  busy: { short: 'pipeline busy', words: 'A newer frame came before this one was begun.' },
  'duplicate-time': { short: 'same time twice', words: 'The source gave two frames one time.' },
  frozen: { short: 'frozen picture', words: 'The source repeated one picture.' },
  shutdown: { short: 'stream closed', words: 'The stream was closed while the frame was worked on.' },
  fault: { short: 'fault', words: 'The pipeline failed on this frame; the log says how.' },
  'worker-lost': { short: 'worker lost', words: 'The process that worked on it died.' },
};

export const dropOf = (reason: string): { readonly short: string; readonly words: string } =>
  DROPS[reason] ?? { short: reason.replaceAll('-', ' '), words: reason };

const SOURCE_WORDS: Record<string, string> = {
  pnp: 'Found in the map',
  tracked: 'Tracked from the frame before',
  coasted: 'Predicted: nothing in this picture says where it is',
};

const DOWN_WORDS: Record<DownReason, string> = {
  silent: 'The server does not answer.',
  stopped: 'The server was stopped.',
  'too-slow': 'This page could not keep up.',
};

/** `silentMs`: how long the server has said nothing. */
export function badgeOf(link: Link, stream: StreamLive | null, nowMs: number, silentMs = 0): Badge {
  if (link.kind !== 'live') return linkBadge(link, nowMs);
  if (!stream)
    return { tone: 'waiting', word: 'No stream', detail: 'The server runs; it has no stream to localize.' };
  if (silentMs > QUIET_MS)
    return {
      tone: 'down',
      word: 'No data',
      detail: `Nothing from the server for ${wholeSeconds(silentMs)} s.`,
    };
  return sourceBadge(stream, nowMs) ?? frameBadge(stream, nowMs);
}

function linkBadge(link: Exclude<Link, { kind: 'live' }>, nowMs: number): Badge {
  switch (link.kind) {
    case 'connecting':
      return { tone: 'waiting', word: 'Connecting', detail: 'Calling the server.' };
    case 'token':
      return { tone: 'waiting', word: 'Locked', detail: 'This server wants a token.' };
    case 'incompatible':
      return {
        tone: 'down',
        word: 'Incompatible',
        detail: `The server speaks protocol ${link.protocol}. Reload the page.`,
      };
    case 'down': {
      const seconds = Math.max(0, Math.ceil((link.retryAtMs - nowMs) / 1000));
      const detail = `${DOWN_WORDS[link.why]} ${seconds > 0 ? `Next try in ${seconds} s.` : 'Trying again.'}`;
      return { tone: 'down', word: 'Disconnected', detail };
    }
  }
}

/** What a source does, in a word and a sentence; `sinceMs`: for how long. */
export function sourceInWords(source: SourceStatus, sinceMs: number): Badge {
  switch (source.kind) {
    case 'connecting':
      return { tone: 'waiting', word: 'Waiting', detail: 'Opening the source.' };
    case 'streaming':
      return { tone: 'posed', word: 'Streaming', detail: 'Frames come in.' };
    case 'stalled':
      return { tone: 'waiting', word: 'Stalled', detail: 'The source sends no frames.' };
    case 'frozen':
      return {
        tone: 'waiting',
        word: 'Frozen',
        detail: 'The source repeats one picture; no pose is made of it.',
      };
    case 'retrying':
      return {
        tone: 'waiting',
        word: 'Source down',
        detail: `${sentence(source.message)}${nextTry(source.attempt, source.inMs - sinceMs)}`,
      };
    case 'paused':
      return { tone: 'waiting', word: 'Paused', detail: 'Closed on request, until somebody resumes it.' };
    case 'ended':
      return { tone: 'waiting', word: 'Ended', detail: 'The source has come to its end.' };
    case 'failed':
      return {
        tone: 'down',
        word: 'Failed',
        detail: [source.message, source.hint].filter(Boolean).join(' '),
      };
  }
}

function nextTry(attempt: number, inMs: number): string {
  return inMs > 0
    ? `Attempt ${attempt} in ${(inMs / 1000).toFixed(1)} s.`
    : `Attempt ${attempt} is under way.`;
}

const sentence = (text: string | undefined): string => (text ? `${text.replace(/\.$/, '')}. ` : '');

/** null where the source does what it should, and the last frame is the news. */
function sourceBadge({ source, sourceAtMs, last }: StreamLive, nowMs: number): Badge | null {
  if (source.kind === 'streaming' || (source.kind === 'connecting' && last)) return null;
  return sourceInWords(source, nowMs - sourceAtMs);
}

function frameBadge({ last, lastAtMs }: StreamLive, nowMs: number): Badge {
  if (!last) return { tone: 'waiting', word: 'Waiting', detail: 'No frame yet.' };
  const quietMs = nowMs - lastAtMs;
  if (quietMs > QUIET_MS)
    return { tone: 'waiting', word: 'Waiting', detail: `No frame for ${wholeSeconds(quietMs)} s.` };
  if (last.state === 'posed') return posedBadge(last);
  return { tone: 'lost', word: 'Lost', detail: lostInWords(last.reason) };
}

const wholeSeconds = (durationMs: number): number => Math.round(durationMs / 1000);

const TRACK_WORDS: Record<NonNullable<PosedMessage['track']>, string> = {
  lost: 'Posed',
  relocalizing: 'Found',
  tracking: 'Tracking',
  coasting: 'Coasting',
};

/** A prediction keeps the colour of waiting: nothing in the picture holds it up. */
function posedBadge({ source, track, retrieved }: PosedMessage): Badge {
  const tone = source === 'coasted' ? 'waiting' : 'posed';
  const audited =
    track === 'tracking' && retrieved && source === 'tracked' ? ', held against the whole map' : '';
  const word = track === undefined ? 'Posed' : TRACK_WORDS[track];
  return { tone, word, detail: `${SOURCE_WORDS[source] ?? source}${audited}.` };
}
