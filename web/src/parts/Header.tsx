import { useState } from 'preact/hooks';
import type { LiveState } from '../model/liveState.js';
import type { Session } from '../model/session.js';
import { badgeOf } from '../model/words.js';
import { chooseTheme, type ThemeChoice, themeChoice } from '../theme.js';
import { whole } from './format.js';

export function Header({ session, state, nowMs }: { session: Session; state: LiveState; nowMs: number }) {
  const map = state.hello?.map;
  return (
    <header>
      <h1>
        <Mark />
        posestream
      </h1>
      {map && (
        <p class="map-name" title={`sha256 ${map.sha256}`}>
          <b>{map.name}</b>
          <span class="map-name-detail">
            {whole(map.points)} points · {whole(map.keyframes)} keyframes
            {map.scale === 'metric' ? '' : ' · scale unknown'}
          </span>
        </p>
      )}
      <Streams session={session} state={state} nowMs={nowMs} />
      <ThemeButton />
    </header>
  );
}

/** All streams with their state; one click away. */
function Streams({ session, state, nowMs }: { session: Session; state: LiveState; nowMs: number }) {
  return (
    <nav aria-label="Streams">
      {[...state.streams.values()].map((stream) => {
        const { id, label } = stream.info;
        const badge = badgeOf(state.link, stream, nowMs);
        return (
          <button
            key={id}
            type="button"
            aria-current={id === state.selected ? 'true' : undefined}
            onClick={() => session.select(id)}
          >
            <span class={`led tone-${badge.tone}`} aria-hidden="true" />
            {label}
            <span class="sr-only">: {badge.word}</span>
          </button>
        );
      })}
    </nav>
  );
}

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };

function ThemeButton() {
  const [choice, setChoice] = useState(themeChoice());
  return (
    <button
      type="button"
      class="theme"
      title="Colours: as the system, light or dark"
      onClick={() => {
        chooseTheme(NEXT[choice]);
        setChoice(NEXT[choice]);
      }}
    >
      <span aria-hidden="true">◐</span> <span class="sr-only">Theme: </span>
      {choice}
    </button>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.6">
      <path d="M6 22 16 6l10 16-10 4zM16 6v20" stroke-linejoin="round" />
    </svg>
  );
}
