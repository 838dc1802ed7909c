import type { LiveState } from '../model/liveState.js';
import { whole } from './format.js';

export interface HeaderProps {
  readonly state: LiveState;
  readonly theme: string;
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

export function Header({ state, theme, onTheme, onHelp }: HeaderProps) {
  const { hello } = state;
  return (
    <header>
      <h1>
        <Mark />
        posestream
      </h1>
      {hello && (
        <p class="map-name" title={`Map sha256 ${hello.map.sha256}`}>
          <b>{hello.map.name}</b>
          <span class="map-name-detail">
            {whole(hello.map.points)} points · {whole(hello.map.keyframes)} keyframes
            {hello.map.scale === 'metric' ? '' : ' · scale unknown'}
          </span>
          <span class="map-name-detail model-name">
            {hello.model.name} {hello.model.version}
          </span>
        </p>
      )}
      <div class="header-tools">
        <button
          type="button"
          class="quiet"
          title="Colours: as the system, light or dark (T)"
          onClick={onTheme}
        >
          <span aria-hidden="true">◐</span> <span class="sr-only">Theme: </span>
          <span class="theme-name">{theme}</span>
        </button>
        <button type="button" class="quiet" title="Keys (?)" onClick={onHelp}>
          <span aria-hidden="true">?</span>
          <span class="sr-only">Keys</span>
        </button>
      </div>
    </header>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.6">
      <path d="M6 22 16 6l10 16-10 4zM16 6v20" stroke-linejoin="round" />
    </svg>
  );
}
