import { Color, PerspectiveCamera, Quaternion, Scene, Vector3, WebGLRenderer } from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import type { MapData } from '../model/mapData.js';
import { add, type Quat, scale } from '../model/mapFrame.js';
import type { Session } from '../model/session.js';
import { colour, onThemeChange } from '../theme.js';
import { type Actor, createActor } from './actor.js';
import { createMapObjects } from './mapObjects.js';
import { createRedraw } from './redraw.js';

export interface Scene3d {
  /** Keeps the selected stream's camera in the middle. */
  follow(): void;
  /** The whole map in view. */
  overview(): void;
  dispose(): void;
}

/** The map and every stream's camera in three dimensions, drawn only when something changed.
 * @param onFollow told when following starts or, by the user's panning, ends
 * @throws Error where the browser has no WebGL */
export function createScene3d(
  canvas: HTMLCanvasElement,
  session: Session,
  map: MapData,
  onFollow: (following: boolean) => void,
): Scene3d {
  const { frame } = map;
  const renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: 'low-power' });
  const scene = new Scene();
  const camera = new PerspectiveCamera(50, 1, frame.radius / 1000, frame.radius * 30);
  camera.up.set(...frame.up);
  const controls = new OrbitControls(camera, canvas);
  controls.listenToKeyEvents(canvas);
  controls.minDistance = frame.radius / 200;
  controls.maxDistance = frame.radius * 10;
  const mapObjects = createMapObjects(map);
  scene.add(mapObjects.points, mapObjects.keyframes);
  const actors = new Map<string, Actor>();
  const centred = new Vector3();
  let following = true;
  let behindCamera = false;

  const redraw = createRedraw(() => {
    for (const actor of actors.values()) actor.update();
    if (following) followSelected();
    renderer.render(scene, camera);
  });

  function followSelected(): void {
    const { selected, streams } = session.shown();
    const pose = selected === null ? null : streams.get(selected)?.lastPosed;
    if (!pose) return;
    const target = new Vector3(...map.local(pose.position));
    if (!behindCamera) camera.position.copy(target).add(overShoulder(map, pose.orientation));
    else camera.position.add(target).sub(centred);
    behindCamera = true;
    centre(target);
  }

  function centre(target: Vector3): void {
    centred.copy(target);
    controls.target.copy(target);
    controls.update();
  }

  function setFollowing(next: boolean): void {
    following = next;
    behindCamera = false;
    onFollow(next);
    redraw.request();
  }

  function lookAtAll(): void {
    const half = Math.atan(Math.tan((camera.fov * Math.PI) / 360) * Math.min(1, camera.aspect));
    const away = add(scale(frame.up, 0.75), add(scale(frame.planUp, -0.6), scale(frame.planRight, 0.12)));
    const distance = (0.75 * frame.radius) / Math.sin(half);
    centre(new Vector3(...frame.centre));
    camera.position.copy(centred).addScaledVector(new Vector3(...away).normalize(), distance);
    controls.update();
    redraw.request();
  }

  function paint(): void {
    renderer.setClearColor(new Color(colour('canvas')));
    mapObjects.paint();
    redraw.request();
  }

  function resize(): void {
    const { clientWidth, clientHeight } = canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(clientWidth, clientHeight, false);
    camera.aspect = clientWidth / clientHeight;
    camera.updateProjectionMatrix();
    redraw.request();
  }

  function ensureActors(): void {
    const { streams } = session.state();
    for (const [stream, actor] of actors)
      if (!streams.has(stream)) {
        actor.dispose();
        actors.delete(stream);
      }
    for (const stream of streams.keys())
      if (!actors.has(stream)) actors.set(stream, createActor(scene, session, map, stream));
    redraw.request();
  }

  controls.addEventListener('change', () => {
    // Turning and zooming keep the camera in the middle; only panning moves the target by itself.
    if (following && controls.target.distanceTo(centred) > frame.radius * 1e-4) setFollowing(false);
    redraw.request();
  });
  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  resize();
  lookAtAll();
  paint();
  ensureActors();
  let selected = session.state().selected;
  const unsubscribe = [
    onThemeChange(paint),
    session.onChange(() => {
      if (selected !== session.state().selected) behindCamera = false;
      selected = session.state().selected;
      ensureActors();
    }),
  ];

  return {
    follow: () => setFollowing(true),
    overview() {
      setFollowing(false);
      lookAtAll();
    },
    dispose() {
      observer.disconnect();
      redraw.stop();
      for (const stop of unsubscribe) stop();
      for (const actor of actors.values()) actor.dispose();
      controls.dispose();
      renderer.dispose();
    },
  };
}

/** From a camera to a place above and behind it. */
function overShoulder({ frame }: MapData, orientation: Quat): Vector3 {
  const distance = Math.min(frame.radius, Math.max(12 * frame.spacing, frame.radius / 5));
  const up = new Vector3(...frame.up);
  const ahead = new Vector3(0, 0, 1).applyQuaternion(new Quaternion(...orientation));
  const level = ahead.addScaledVector(up, -ahead.dot(up));
  if (level.lengthSq() < 0.05) level.set(...frame.planUp);
  return level.normalize().multiplyScalar(-0.9).addScaledVector(up, 0.36).multiplyScalar(distance);
}
