import type { LiveState, StreamLive } from '../model/liveState.js';
import type { Session } from '../model/session.js';
import { streamColour } from '../theme.js';
import { PlanView, type SceneCommands, SceneView } from './Scene.js';

export interface ViewsProps {
  readonly session: Session;
  readonly state: LiveState;
  readonly stream: StreamLive | null;
  readonly withPlan: boolean;
  readonly onPlan: () => void;
  readonly onReady: (commands: SceneCommands | null) => void;
}

/** The map with every camera in it, or why there is none to see. */
export function Views({ session, state, stream, withPlan, onPlan, onReady }: ViewsProps) {
  const map = session.map();
  if (!map)
    return (
      <div class="hint stage" role="status">
        <strong>{state.link.kind === 'down' ? 'No server' : 'Loading the map'}</strong>
        <p>
          {state.link.kind === 'down'
            ? 'This page connects by itself as soon as the server is back.'
            : 'Points and keyframes are on their way.'}
        </p>
      </div>
    );
  return (
    <div class="stage">
      <section class="view3d" aria-label="Map in 3D">
        <SceneView session={session} map={map} withPlan={withPlan} onPlan={onPlan} onReady={onReady} />
        <ul class="legend key">
          {stream && (
            <li>
              <span class={`line own ${streamColour(session.ordinal(stream.info.id))}`} aria-hidden="true" />
              {stream.info.label}
            </li>
          )}
          {stream?.info.hasTruth && (
            <li>
              <span class="line truth" aria-hidden="true" />
              truth
            </li>
          )}
          <li>
            <span class="line keyframe" aria-hidden="true" />
            keyframes
          </li>
        </ul>
      </section>
      {withPlan && (
        <section class="plan" aria-label="Map from above">
          <PlanView session={session} map={map} />
        </section>
      )}
    </div>
  );
}
