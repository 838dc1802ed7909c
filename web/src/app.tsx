import { useCallback, useRef, useState } from 'preact/hooks';
import type { Connection } from './connection.js';
import type { LiveState, StreamLive } from './model/liveState.js';
import { stepFrames, stepTime, toggleLive } from './model/scrub.js';
import type { Session } from './model/session.js';
import { badgeOf } from './model/words.js';
import { CameraPanel } from './parts/CameraPanel.js';
import { Frames } from './parts/Frames.js';
import { ms } from './parts/format.js';
import { Header } from './parts/Header.js';
import { Help } from './parts/Help.js';
import { useLive } from './parts/hooks.js';
import { Latency } from './parts/Latency.js';
import { NoStreams } from './parts/NoStreams.js';
import { Numbers } from './parts/Numbers.js';
import type { SceneCommands } from './parts/Scene.js';
import { Source } from './parts/Source.js';
import { Announcer, StatusBadge, StreamWarning } from './parts/StatusBadge.js';
import { StreamTiles } from './parts/StreamTiles.js';
import { Timeline } from './parts/Timeline.js';
import { TokenForm } from './parts/TokenForm.js';
import { useKeys } from './parts/useKeys.js';
import { Views } from './parts/Views.js';
import { chooseTheme, nextTheme, themeChoice } from './theme.js';

export function App({ session, connection }: { session: Session; connection: Connection }) {
  const { state, shown, nowMs, atMs } = useLive(session);
  const [withHelp, setWithHelp] = useState(false);
  const [withPlan, setWithPlan] = useState(true);
  const [theme, setTheme] = useState(themeChoice());
  const scene = useRef<SceneCommands | null>(null);
  const onReady = useCallback((commands: SceneCommands | null) => {
    scene.current = commands;
  }, []);
  const switchPlan = (): void => setWithPlan((was) => !was);
  const switchTheme = (): void => {
    const next = nextTheme(themeChoice());
    chooseTheme(next);
    setTheme(next);
  };
  useKeys((key) => {
    const action = actionOf(key, session, scene.current) ?? pageAction(key);
    action?.();
    return action !== null;
  });
  function pageAction(key: string): (() => void) | null {
    if (key === '?') return () => setWithHelp(true);
    if (key === 'p') return switchPlan;
    return key === 't' ? switchTheme : null;
  }

  const { link } = state;
  const isPast = session.cursorMs() !== null;
  const stream = shown.selected === null ? null : (shown.streams.get(shown.selected) ?? null);
  const badge = isPast ? badgeOf(shown.link, stream, atMs) : badgeOf(link, stream, nowMs, session.silentMs());
  return (
    <div class={`shell link-${link.kind} ${isPast ? 'is-past' : ''}`}>
      <Header state={state} theme={theme} onTheme={switchTheme} onHelp={() => setWithHelp(true)} />
      <Announcer badge={badge} isPast={isPast} />
      <main>
        <div class="maps">
          {link.kind === 'token' ? (
            <TokenForm connection={connection} refused={link.refused} />
          ) : (
            <>
              {shown.streams.size > 1 && <StreamTiles session={session} state={shown} nowMs={atMs} />}
              <Views {...{ session, state, stream, withPlan, onReady }} onPlan={switchPlan} />
              {stream && <Timeline session={session} nowMs={nowMs} />}
            </>
          )}
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
        <section class="side" aria-label="Readings" tabIndex={0}>
          <StatusBadge
            badge={badge}
            note={badge.tone === 'lost' ? noteOf(stream, atMs) : null}
            isPast={isPast}
          />
          <StreamWarning warning={stream?.last?.warning} />
          {state.hello && !stream && <NoStreams />}
          {stream && (
            <CameraPanel
              key={stream.info.id}
              connection={connection}
              stream={stream.info.id}
              cursorMs={session.cursorMs()}
              nowMs={nowMs}
            />
          )}
          {stream && (
            <Readings key={`${stream.info.id} readings`} {...{ session, state, stream }} nowMs={atMs} />
          )}
        </section>
      </main>
      <Help isOpen={withHelp} onClose={() => setWithHelp(false)} />
    </div>
  );
}

/** What a key does to the session or the 3D view; null where nothing. */
function actionOf(key: string, session: Session, scene: SceneCommands | null): (() => void) | null {
  const now = (): number => performance.now();
  if (/^[1-9]$/.test(key)) {
    const id = [...session.state().streams.keys()][Number(key) - 1];
    return id === undefined ? null : () => session.select(id);
  }
  const actions: Record<string, () => void> = {
    k: () => toggleLive(session, now()),
    ' ': () => toggleLive(session, now()),
    j: () => stepTime(session, -1000, now()),
    l: () => stepTime(session, 1000, now()),
    ',': () => stepFrames(session, -1, now()),
    '.': () => stepFrames(session, 1, now()),
    f: () => scene?.follow(),
    o: () => scene?.overview(),
  };
  return actions[key] ?? null;
}

interface ReadingsProps {
  readonly session: Session;
  readonly state: LiveState;
  readonly stream: StreamLive;
  readonly nowMs: number;
}

function Readings({ session, state, stream, nowMs }: ReadingsProps) {
  if (!state.hello) return null;
  const { frames } = session.logs(stream.info.id);
  return (
    <div class="readings">
      <Numbers stream={stream} map={state.hello.map} frames={frames} nowMs={nowMs} />
      <Latency last={stream.last} statistics={stream.statistics} />
      <Frames counters={stream.last?.counters ?? stream.statistics.counters} statistics={stream.statistics} />
      <Source stream={stream} nowMs={nowMs} />
    </div>
  );
}

/** The second line under the badge: the pipeline's own words, and how old the last pose is. */
function noteOf(stream: StreamLive | null, nowMs: number): string | null {
  if (stream?.last?.state !== 'lost') return null;
  const { last, lastPosed, lastAtMs } = stream;
  const since = lastPosed
    ? ` Last pose ${ms(Math.max(0, 1000 * (last.timestampS - lastPosed.timestampS)) + nowMs - lastAtMs)} ago.`
    : ' No pose yet.';
  return `${last.detail}.${since}`.replace('..', '.');
}
