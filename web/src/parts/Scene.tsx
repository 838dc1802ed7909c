import { useEffect, useRef, useState } from 'preact/hooks';
import type { MapData } from '../model/mapData.js';
import type { Session } from '../model/session.js';
import { createPlan } from '../views/planView.js';
import { createScene3d, type Scene3d } from '../views/scene3d.js';
import { createStrip } from '../views/stripView.js';

const HELP = 'Drag to turn, scroll to zoom, right-drag or arrow keys to move.';

export function SceneView({ session, map }: { session: Session; map: MapData }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scene = useRef<Scene3d | null>(null);
  const [following, setFollowing] = useState(true);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!canvas.current) return;
    try {
      scene.current = createScene3d(canvas.current, session, map, setFollowing);
      return scene.current.dispose;
    } catch {
      setFailed(true);
    }
  }, [session, map]);
  if (failed)
    return (
      <div class="hint">
        <strong>No 3D here</strong>
        <p>This browser offers no WebGL. The plan and the numbers work without it.</p>
      </div>
    );
  return (
    <>
      <canvas ref={canvas} role="img" tabIndex={0} aria-label={`The map in 3D. ${HELP}`} title={HELP} />
      <div class="tools">
        <button type="button" aria-pressed={following} onClick={() => scene.current?.follow()}>
          Follow
        </button>
        <button type="button" onClick={() => scene.current?.overview()}>
          Overview
        </button>
      </div>
    </>
  );
}

export function PlanView({ session, map }: { session: Session; map: MapData }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => (canvas.current ? createPlan(canvas.current, session, map) : undefined), [session, map]);
  return <canvas ref={canvas} role="img" aria-label="The map from above with the camera's trail" />;
}

export function Strip({ session }: { session: Session }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => (canvas.current ? createStrip(canvas.current, session) : undefined), [session]);
  return <canvas ref={canvas} role="img" aria-label="Inliers of the last frames; full bars were lost" />;
}
