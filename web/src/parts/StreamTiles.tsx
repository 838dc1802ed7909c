import { useEffect, useRef } from 'preact/hooks';
import type { LiveState, StreamLive } from '../model/liveState.js';
import type { Session } from '../model/session.js';
import { badgeOf } from '../model/words.js';
import { streamColour } from '../theme.js';
import { createSpark } from '../views/sparkView.js';
import { ms, NOTHING, percent, rate } from './format.js';

export interface StreamTilesProps {
  readonly session: Session;
  readonly state: LiveState;
  readonly nowMs: number;
}

/** All streams side by side, each a click or a digit away. */
export function StreamTiles({ session, state, nowMs }: StreamTilesProps) {
  return (
    <nav class="tiles" aria-label="Streams">
      {[...state.streams.values()].map((stream, i) => (
        <Tile
          key={stream.info.id}
          session={session}
          state={state}
          stream={stream}
          number={i + 1}
          nowMs={nowMs}
        />
      ))}
    </nav>
  );
}

function Tile({
  session,
  state,
  stream,
  number,
  nowMs,
}: StreamTilesProps & { stream: StreamLive; number: number }) {
  const { info, statistics, last } = stream;
  const badge = badgeOf(state.link, stream, nowMs);
  const posed = last?.state === 'posed' && badge.tone !== 'down' ? last : null;
  return (
    <button
      type="button"
      class={`tile tone-${badge.tone}`}
      aria-current={info.id === state.selected ? 'true' : undefined}
      title={badge.detail}
      onClick={() => session.select(info.id)}
    >
      <span class={`number ${streamColour(session.ordinal(info.id))}`} aria-hidden="true">
        {number}
      </span>
      <span class="tile-name">{info.label}</span>
      <span class="tile-state">
        <span class={`led tone-${badge.tone}`} aria-hidden="true" />
        {badge.word}
      </span>
      <span class="tile-figures">
        <span title="Frames worked on, a second">{rate(statistics.processedHz)}</span>
        <span title="Age of poses: 95 of 100 are younger">{ms(statistics.ageMs?.p95)}</span>
        <span title="Confidence">{posed ? percent(posed.confidence) : NOTHING}</span>
      </span>
      <Spark session={session} stream={info.id} />
    </button>
  );
}

function Spark({ session, stream }: { session: Session; stream: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(
    () => (canvas.current ? createSpark(canvas.current, session, stream) : undefined),
    [session, stream],
  );
  return <canvas ref={canvas} class="spark" />;
}
