import type { Connection } from './connection.js';
import type { LiveState, StreamLive } from './model/liveState.js';
import type { Session } from './model/session.js';
import { badgeOf } from './model/words.js';
import { CameraPanel } from './parts/CameraPanel.js';
import { Frames } from './parts/Frames.js';
import { ms } from './parts/format.js';
import { Header } from './parts/Header.js';
import { useLive } from './parts/hooks.js';
import { Latency } from './parts/Latency.js';
import { Numbers } from './parts/Numbers.js';
import { PlanView, SceneView, Strip } from './parts/Scene.js';
import { Announcer, StatusBadge } from './parts/StatusBadge.js';
import { TokenForm } from './parts/TokenForm.js';

export function App({ session, connection }: { session: Session; connection: Connection }) {
  const { state, nowMs } = useLive(session);
  const stream = state.selected === null ? null : (state.streams.get(state.selected) ?? null);
  const badge = badgeOf(state.link, stream, nowMs);
  const { link } = state;
  return (
    <div class={`shell link-${link.kind}`}>
      <Header session={session} state={state} nowMs={nowMs} />
      <Announcer badge={badge} />
      <main>
        <div class="maps">
          {link.kind === 'token' ? (
            <TokenForm connection={connection} refused={link.refused} />
          ) : (
            <Views session={session} state={state} stream={stream} />
          )}
        </div>
        <div class="side">
          <StatusBadge badge={badge} note={badge.tone === 'lost' ? noteOf(stream, nowMs) : null} />
          {stream && <CameraPanel key={stream.info.id} connection={connection} stream={stream.info.id} />}
          {stream && (
            <Readings key={stream.info.id} session={session} state={state} stream={stream} nowMs={nowMs} />
          )}
        </div>
      </main>
    </div>
  );
}

interface ViewsProps {
  readonly session: Session;
  readonly state: LiveState;
  readonly stream: StreamLive | null;
}

function Views({ session, state, stream }: ViewsProps) {
  const map = session.map();
  if (!map)
    return (
      <div class="hint view3d">
        <strong>{state.link.kind === 'down' ? 'No server' : 'Loading the map'}</strong>
        <p>
          {state.link.kind === 'down'
            ? 'This page connects by itself as soon as the server is back.'
            : 'Points and keyframes are on their way.'}
        </p>
      </div>
    );
  return (
    <>
      <section class="view3d" aria-label="Map in 3D">
        <SceneView session={session} map={map} />
        <ul class="legend key">
          <li>
            <span class="line trail" aria-hidden="true" /> camera
          </li>
          {stream?.info.hasTruth && (
            <li>
              <span class="line truth" aria-hidden="true" /> truth
            </li>
          )}
          <li>
            <span class="line keyframe" aria-hidden="true" /> keyframes
          </li>
        </ul>
      </section>
      <section class="strip" aria-label="Last frames">
        <Strip session={session} />
        <p class="caption">Inliers, frame by frame</p>
      </section>
      <section class="plan" aria-label="Map from above">
        <PlanView session={session} map={map} />
      </section>
    </>
  );
}

interface ReadingsProps {
  readonly session: Session;
  readonly state: LiveState;
  readonly stream: StreamLive;
  readonly nowMs: number;
}

function Readings({ session, state, stream, nowMs }: ReadingsProps) {
  if (!state.hello) return null;
  return (
    <div class="readings">
      <Numbers
        stream={stream}
        map={state.hello.map}
        marks={session.history(stream.info.id)?.marks ?? []}
        nowMs={nowMs}
      />
      <Latency last={stream.last} statistics={stream.statistics} />
      <Frames counters={stream.last?.counters ?? stream.statistics.counters} statistics={stream.statistics} />
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
