import type { PosedMessage } from '../../../src/server/wire.js';
import type { DownReason, Link, StreamLive } from './liveState.js';

/** What the badge says: a tone for its colour, one word, and the rest of the sentence. */
export interface Badge {
  readonly tone: 'posed' | 'lost' | 'waiting' | 'down';
  readonly word: string;
  readonly detail: string;
}

const QUIET_MS = 2000;

const LOST_WORDS: Record<string, string> = {
  'no-features': 'The picture is too dark, blank or covered.',
  'no-place': 'Nothing in the map looks like this.',
  'few-matches': 'Too little of the picture matches the map.',
  'few-inliers': 'The matches do not agree on one pose.',
  'low-coverage': 'The matches cover too small a part of the picture.',
  'ill-conditioned': 'The matches do not pin the pose down.',
  ambiguous: 'Two places fit equally well.',
  jump: 'It looks like a place too far off to have moved to. One more frame has to say so.',
};

export const lostInWords = (reason: string): string => LOST_WORDS[reason] ?? reason;

const SOURCE_WORDS: Record<string, string> = {
  pnp: 'Found in the map',
  tracked: 'Tracked from the frame before',
  refined: 'Refined on dense features',
  coasted: 'Predicted: nothing in this picture says where it is',
  anchor: 'Coarse: from anchors along the route',
  interpolated: 'Coarse: between similar keyframes',
  retrieval: 'Coarse: pose of the most similar keyframe',
};

const DOWN_WORDS: Record<DownReason, string> = {
  silent: 'The server does not answer.',
  stopped: 'The server was stopped.',
  'too-slow': 'This page could not keep up.',
};

export function badgeOf(link: Link, stream: StreamLive | null, nowMs: number): Badge {
  if (link.kind !== 'live') return linkBadge(link, nowMs);
  if (!stream) return { tone: 'waiting', word: 'No stream', detail: 'This server has no streams.' };
  return sourceBadge(stream) ?? frameBadge(stream, nowMs);
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

/** null where the source does what it should, and the last frame is the news. */
function sourceBadge({ source, last }: StreamLive): Badge | null {
  switch (source.kind) {
    case 'connecting':
      return last ? null : { tone: 'waiting', word: 'Waiting', detail: 'Opening the source.' };
    case 'streaming':
      return null;
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
        detail: `Attempt ${source.attempt} in ${(source.inMs / 1000).toFixed(1)} s.`,
      };
    case 'ended':
      return { tone: 'waiting', word: 'Ended', detail: 'The source has come to its end.' };
    case 'failed':
      return { tone: 'down', word: 'Failed', detail: `${source.code}: ${source.message}` };
  }
}

function frameBadge({ last, lastAtMs }: StreamLive, nowMs: number): Badge {
  if (!last) return { tone: 'waiting', word: 'Waiting', detail: 'No frame yet.' };
  const quietMs = nowMs - lastAtMs;
  if (quietMs > QUIET_MS)
    return { tone: 'waiting', word: 'Waiting', detail: `No frame for ${Math.round(quietMs / 1000)} s.` };
  if (last.state === 'posed') return posedBadge(last);
  return { tone: 'lost', word: 'Lost', detail: lostInWords(last.reason) };
}

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
