import {
  type BufferAttribute,
  DoubleSide,
  DynamicDrawUsage,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshBasicMaterial,
  type Scene,
} from 'three';
import type { MapData } from '../model/mapData.js';
import type { Session, StreamHistory } from '../model/session.js';
import type { Trail } from '../model/trail.js';
import { colour } from '../theme.js';
import { frustumFaces, frustumSegments, halfExtents } from './frustum.js';
import { geometryOf } from './mapObjects.js';

const EDGE_FLOATS = 6 * 10;
const FACE_FLOATS = 9 * 4;

/** A stream in the scene: its camera, its trail, and the reference's where there is one. */
export interface Actor {
  update(): void;
  paint(): void;
}

export function createActor(scene: Scene, session: Session, map: MapData, stream: string): Actor | null {
  const history = session.history(stream);
  if (!history) return null;
  const camera = dynamicLines(new Float32Array(EDGE_FLOATS));
  const truthCamera = dynamicLines(new Float32Array(EDGE_FLOATS));
  const body = cameraBody();
  const trails = trailLines(history);
  // The estimate is drawn over the reference, which would hide it where both agree.
  [trails.truth, truthCamera, trails.own, body, camera].forEach((object, order) => {
    object.renderOrder = order + 1;
    scene.add(object);
  });
  for (const lines of [truthCamera, trails.truth]) {
    material(lines).transparent = true;
    material(lines).opacity = 0.7;
  }
  let seen = -1;

  function paint(): void {
    const selected = session.state().selected === stream;
    const lost = session.state().streams.get(stream)?.last?.state === 'lost';
    const tone = colour(selected ? (lost ? 'lost' : 'camera') : 'other');
    material(camera).color.set(tone);
    (body.material as MeshBasicMaterial).color.set(tone);
    material(trails.own).color.set(colour(selected ? 'trail' : 'other'));
    material(truthCamera).color.set(colour('truth'));
    material(trails.truth).color.set(colour('truth'));
    truthCamera.visible = selected;
    trails.truth.visible = selected;
  }

  function update(): void {
    const live = session.state().streams.get(stream);
    if (!live || !history) return;
    const half = halfExtents(live.info.camera ?? map.header.camera);
    const depth = 2.2 * map.frame.spacing;
    const posed = live.lastPosed;
    if (posed) {
      const position = map.local(posed.position);
      write(camera, frustumSegments(position, posed.orientation, half, depth));
      write(body, frustumFaces(position, posed.orientation, half, depth));
    }
    const truth = live.last?.truth;
    if (truth) write(truthCamera, frustumSegments(map.local(truth.position), truth.orientation, half, depth));
    const version = history.trail.version() + history.truth.version();
    if (version !== seen) {
      seen = version;
      extend(trails.own, history.trail);
      extend(trails.truth, history.truth);
    }
    paint();
  }

  return { update, paint };
}

function trailLines(history: StreamHistory) {
  return { own: dynamicLines(history.trail.segments), truth: dynamicLines(history.truth.segments) };
}

function dynamicLines(positions: Float32Array): LineSegments {
  const lines = new LineSegments(geometryOf(positions), new LineBasicMaterial());
  positionsOf(lines).setUsage(DynamicDrawUsage);
  // Bounds would have to be computed anew for every frame.
  lines.frustumCulled = false;
  return lines;
}

/** The sides of the pyramid, faintly filled: one pixel lines alone are easily lost among points. */
function cameraBody(): Mesh {
  const fill = new MeshBasicMaterial({
    transparent: true,
    opacity: 0.16,
    side: DoubleSide,
    depthWrite: false,
  });
  const body = new Mesh(geometryOf(new Float32Array(FACE_FLOATS)), fill);
  positionsOf(body).setUsage(DynamicDrawUsage);
  body.frustumCulled = false;
  return body;
}

function write(lines: LineSegments | Mesh, segments: readonly number[]): void {
  positionsOf(lines).copyArray(segments).needsUpdate = true;
}

function extend(lines: LineSegments, trail: Trail): void {
  lines.geometry.setDrawRange(0, 2 * trail.count());
  positionsOf(lines).needsUpdate = true;
}

const positionsOf = (lines: LineSegments | Mesh): BufferAttribute =>
  lines.geometry.getAttribute('position') as BufferAttribute;
const material = (lines: LineSegments): LineBasicMaterial => lines.material as LineBasicMaterial;
