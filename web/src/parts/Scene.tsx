import { useEffect, useRef, useState } from 'preact/hooks';
import type { MapData } from '../model/mapData.js';
import type { Session } from '../model/session.js';
import { createPlan } from '../views/planView.js';
import { createScene3d, type Scene3d } from '../views/scene3d.js';

const HELP = 'Drag to turn, scroll to zoom, right-drag or arrow keys to move.';

/** What keys and buttons can ask of the 3D view. */
export type SceneCommands = Pick<Scene3d, 'follow' | 'overview'>;

export interface SceneViewProps {
  readonly session: Session;
  readonly map: MapData;
  readonly withPlan: boolean;
  readonly onPlan: () => void;
  /** Told the commands while there is a view. */
  readonly onReady: (commands: SceneCommands | null) => void;
}

export function SceneView({ session, map, withPlan, onPlan, onReady }: SceneViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scene = useRef<Scene3d | null>(null);
  const [following, setFollowing] = useState(true);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!canvas.current) return;
    try {
      const created = createScene3d(canvas.current, session, map, setFollowing);
      scene.current = created;
      setFollowing(true);
      onReady(created);
      return () => {
        onReady(null);
        created.dispose();
      };
    } catch {
      setFailed(true);
    }
  }, [session, map, onReady]);
  if (failed)
    return (
      <div class="hint">
        <strong>No 3D here</strong>
        <p>This browser offers no WebGL. The plan and the numbers work without it.</p>
      </div>
    );
  return (
    <>
      {/* Another map needs another canvas: a WebGL context is of one renderer. */}
      <canvas
        key={map.header.sha256}
        ref={canvas}
        role="img"
        tabIndex={0}
        aria-label={`The map in 3D. ${HELP}`}
        title={HELP}
      />
      <div class="tools">
        <button type="button" aria-pressed={following} onClick={() => scene.current?.follow()}>
          Follow
        </button>
        <button type="button" onClick={() => scene.current?.overview()}>
          Overview
        </button>
        <button type="button" class="plan-button" aria-pressed={withPlan} onClick={onPlan}>
          Plan
        </button>
      </div>
    </>
  );
}

export function PlanView({ session, map }: { session: Session; map: MapData }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => (canvas.current ? createPlan(canvas.current, session, map) : undefined), [session, map]);
  return <canvas ref={canvas} role="img" aria-label="The map from above with the cameras' trails" />;
}
