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
import { add, scale } from '../model/mapFrame.js';
import type { Session } from '../model/session.js';
import type { Trail } from '../model/trail.js';
import { colour, streamColour } from '../theme.js';
import { frustumFaces, frustumSegments, halfExtents } from './frustum.js';
import { createLabel } from './label.js';
import { geometryOf } from './mapObjects.js';

const EDGE_FLOATS = 6 * 10;
const FACE_FLOATS = 9 * 4;
const NO_SEGMENTS = new Float32Array(6);

/** A stream in the scene: its camera, its number, its trail, and the reference's where there is one. */
export interface Actor {
  update(): void;
  dispose(): void;
}

export function createActor(scene: Scene, session: Session, map: MapData, stream: string): Actor {
  const camera = dynamicLines(new Float32Array(EDGE_FLOATS));
  const truthCamera = dynamicLines(new Float32Array(EDGE_FLOATS));
  const body = cameraBody();
  const own = trailLines();
  const truth = trailLines();
  const label = createLabel();
  // The estimate is drawn over the reference, which would hide it where both agree.
  const objects = [truth.lines, truthCamera, own.lines, body, camera, label.sprite];
  objects.forEach((object, order) => {
    object.renderOrder = order + 1;
    scene.add(object);
  });
  for (const lines of [truthCamera, truth.lines]) fade(lines, 0.7);

  function paint(isSelected: boolean, isLost: boolean, number: number): void {
    const tone = colour(isLost ? 'lost' : streamColour(session.ordinal(stream)));
    const faded = isSelected ? 1 : 0.6;
    for (const lines of [camera, own.lines]) fade(lines, faded);
    material(camera).color.set(tone);
    (body.material as MeshBasicMaterial).color.set(tone);
    (body.material as MeshBasicMaterial).opacity = isLost ? 0 : isSelected ? 0.16 : 0.07;
    material(own.lines).color.set(colour(streamColour(session.ordinal(stream))));
    for (const lines of [truthCamera, truth.lines]) material(lines).color.set(colour('truth'));
    truth.lines.visible = isSelected;
    label.show(session.state().streams.size > 1 ? String(number) : null, tone, colour('panel'));
  }

  function update(): void {
    const { streams, selected } = session.shown();
    const live = streams.get(stream);
    const trails = session.trails(stream);
    if (!live) return;
    const isSelected = selected === stream;
    const half = halfExtents(live.info.camera ?? map.header.camera);
    const depth = (isSelected ? 2.2 : 1.5) * map.frame.spacing;
    const posed = trails ? live.lastPosed : null;
    camera.visible = body.visible = label.sprite.visible = posed !== null;
    if (posed) {
      const position = map.local(posed.position);
      write(camera, frustumSegments(position, posed.orientation, half, depth));
      write(body, frustumFaces(position, posed.orientation, half, depth));
      label.sprite.position.set(...add(position, scale(map.frame.up, 0.9 * depth)));
    }
    const reference = trails ? live.last?.truth : undefined;
    truthCamera.visible = isSelected && reference !== undefined;
    if (reference)
      write(truthCamera, frustumSegments(map.local(reference.position), reference.orientation, half, depth));
    own.show(trails?.own ?? null);
    truth.show(trails?.truth ?? null);
    paint(isSelected, live.last?.state === 'lost', [...streams.keys()].indexOf(stream) + 1);
  }

  return {
    update,
    dispose() {
      label.dispose();
      for (const object of objects) scene.remove(object);
      for (const { geometry, material } of [camera, truthCamera, body, own.lines, truth.lines]) {
        geometry.dispose();
        (material as LineBasicMaterial).dispose();
      }
    },
  };
}

/** Lines that show one trail after another: live, of a moment of the past, none. */
function trailLines() {
  const lines = dynamicLines(NO_SEGMENTS);
  let shown: Trail | null = null;
  let version = -1;
  return {
    lines,
    show(trail: Trail | null): void {
      if (trail !== shown) {
        lines.geometry.dispose();
        lines.geometry = geometryOf(trail?.segments ?? NO_SEGMENTS);
        positionsOf(lines).setUsage(DynamicDrawUsage);
        shown = trail;
        version = -1;
      }
      if (version === (trail?.version() ?? 0)) return;
      version = trail?.version() ?? 0;
      lines.geometry.setDrawRange(0, 2 * (trail?.count() ?? 0));
      positionsOf(lines).needsUpdate = true;
    },
  };
}

function fade(lines: LineSegments, opacity: number): void {
  material(lines).transparent = opacity < 1;
  material(lines).opacity = opacity;
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

const positionsOf = (lines: LineSegments | Mesh): BufferAttribute =>
  lines.geometry.getAttribute('position') as BufferAttribute;
const material = (lines: LineSegments): LineBasicMaterial => lines.material as LineBasicMaterial;
