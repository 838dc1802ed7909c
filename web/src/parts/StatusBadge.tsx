import { useEffect, useRef, useState } from 'preact/hooks';
import type { PoseMessage } from '../../../src/server/wire.js';
import type { Badge } from '../model/words.js';

const QUIET_MS = 5000;

/** The state in colour and words. */
export function StatusBadge({ badge, note, isPast }: { badge: Badge; note: string | null; isPast: boolean }) {
  return (
    <section class={`status tone-${badge.tone}`} aria-label="State">
      <span class="status-mark" aria-hidden="true" />
      <div>
        <strong>
          {badge.word}
          {isPast && <small> then</small>}
        </strong>
        <p>{badge.detail}</p>
        {note && <p class="note">{note}</p>}
      </div>
    </section>
  );
}

/** What is wrong with the stream as a whole, as long as it seems to be. */
export function StreamWarning({ warning }: { warning: PoseMessage['warning'] }) {
  if (!warning) return null;
  const { code, message, hint } = warning;
  return (
    <section class="status warning tone-waiting" aria-label="Warning">
      <span class="status-mark" aria-hidden="true" />
      <div>
        <p>
          <b>{message}</b> {hint}
        </p>
        <p class="note">{code}</p>
      </div>
    </section>
  );
}

/** Tells a screen reader of changes of state, at most one in five seconds and only what is then true. */
export function Announcer({ badge, isPast }: { badge: Badge; isPast: boolean }) {
  const [said, setSaid] = useState('');
  const lastMs = useRef(Number.NEGATIVE_INFINITY);
  // Seconds and attempts in the detail count on; only the words matter here.
  const text = isPast ? '' : `${badge.word}. ${badge.tone === 'lost' ? badge.detail : ''}`;
  useEffect(() => {
    const waitMs = Math.max(500, lastMs.current + QUIET_MS - performance.now());
    const timer = setTimeout(() => {
      lastMs.current = performance.now();
      setSaid(text);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="sr-only" role="status" aria-live="polite">
      {said}
    </div>
  );
}
