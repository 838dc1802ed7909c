import type { MapData } from '../model/mapData.js';
import { axesOf, dot, type Vec3 } from '../model/mapFrame.js';
import type { Session } from '../model/session.js';
import type { Trail } from '../model/trail.js';
import { colour, onThemeChange, streamColour } from '../theme.js';
import { context2d, fitCanvas } from './canvas2d.js';
import { createRedraw } from './redraw.js';

type Point = readonly [x: number, y: number];

interface Projection {
  readonly toCanvas: (position: Vec3) => Point;
  readonly pxPerUnit: number;
}

const MARGIN = 0.06;

/** The map from above, along its own up: points once into a background, trails and cameras on every change. */
export function createPlan(canvas: HTMLCanvasElement, session: Session, map: MapData): () => void {
  const context = context2d(canvas);
  const background = document.createElement('canvas');
  let projection = projectionOf(map, canvas);

  const redraw = createRedraw(() => {
    context.drawImage(background, 0, 0);
    const { streams, selected } = session.shown();
    const ids = [...streams.keys()];
    for (const [i, id] of ids.entries()) if (id !== selected) drawStream(id, i + 1, false);
    if (selected !== null) drawStream(selected, ids.indexOf(selected) + 1, true);
  });

  function paintBackground(): void {
    projection = projectionOf(map, canvas);
    background.width = canvas.width;
    background.height = canvas.height;
    drawBackground(background, map, projection);
    redraw.request();
  }

  function drawStream(id: string, number: number, selected: boolean): void {
    const trails = session.trails(id);
    const { streams } = session.shown();
    const live = streams.get(id);
    if (!trails || !live) return;
    const unit = Math.min(devicePixelRatio, 2);
    const { toCanvas } = projection;
    const own = colour(streamColour(session.ordinal(id)));
    if (selected) strokeTrail(context, trails.truth, toCanvas, colour('truth'), 1.2 * unit);
    strokeTrail(context, trails.own, toCanvas, own, (selected ? 2 : 1.2) * unit);
    const pose = live.lastPosed;
    if (!pose) return;
    const at = toCanvas(map.local(pose.position));
    const tone = live.last?.state === 'lost' ? colour('lost') : own;
    drawArrow(context, at, headingOf(map, pose.orientation), (selected ? 9 : 7) * unit, tone);
    if (streams.size > 1) drawNumber(context, at, number, unit, tone);
  }

  const stops = [
    fitCanvas(canvas, paintBackground),
    onThemeChange(paintBackground),
    session.onChange(redraw.request),
    redraw.stop,
  ];
  paintBackground();
  return () => {
    for (const stop of stops) stop();
  };
}

/** Keyframes and most points in the canvas, whichever way they lie. */
function projectionOf({ frame, keyframes, points }: MapData, canvas: HTMLCanvasElement): Projection {
  const along = (p: Vec3): Point => [dot(p, frame.planRight), dot(p, frame.planUp)];
  const box = [Infinity, -Infinity, Infinity, -Infinity];
  const include = ([u, v]: Point): void => {
    box[0] = Math.min(box[0], u);
    box[1] = Math.max(box[1], u);
    box[2] = Math.min(box[2], v);
    box[3] = Math.max(box[3], v);
  };
  for (let i = 0; i + 6 < keyframes.length; i += 7)
    include(along([keyframes[i], keyframes[i + 1], keyframes[i + 2]]));
  const us: number[] = [];
  const vs: number[] = [];
  for (let i = 0; i + 2 < points.length; i += 3) {
    const [u, v] = along([points[i], points[i + 1], points[i + 2]]);
    us.push(u);
    vs.push(v);
  }
  us.sort((a, b) => a - b);
  vs.sort((a, b) => a - b);
  const at = (values: number[], share: number): number => values[Math.floor(share * (values.length - 1))];
  if (us.length > 0) {
    include([at(us, 0.01), at(vs, 0.01)]);
    include([at(us, 0.99), at(vs, 0.99)]);
  }
  const width = box[1] - box[0] || 1;
  const height = box[3] - box[2] || 1;
  const free = 1 - 2 * MARGIN;
  const pxPerUnit = Math.min((canvas.width * free) / width, (canvas.height * free) / height);
  const [midU, midV] = [(box[0] + box[1]) / 2, (box[2] + box[3]) / 2];
  return {
    pxPerUnit,
    toCanvas: (position) => {
      const [u, v] = along(position);
      return [canvas.width / 2 + (u - midU) * pxPerUnit, canvas.height / 2 - (v - midV) * pxPerUnit];
    },
  };
}

function drawBackground(target: HTMLCanvasElement, map: MapData, projection: Projection): void {
  const context = context2d(target);
  const unit = Math.min(devicePixelRatio, 2);
  context.fillStyle = colour('canvas');
  context.fillRect(0, 0, target.width, target.height);
  context.fillStyle = colour('plan-point');
  const { points, keyframes } = map;
  for (let i = 0; i + 2 < points.length; i += 3) {
    const [x, y] = projection.toCanvas([points[i], points[i + 1], points[i + 2]]);
    context.fillRect(x, y, unit, unit);
  }
  context.fillStyle = colour('keyframe');
  for (let i = 0; i + 6 < keyframes.length; i += 7) {
    const [x, y] = projection.toCanvas([keyframes[i], keyframes[i + 1], keyframes[i + 2]]);
    context.fillRect(x - unit, y - unit, 2 * unit, 2 * unit);
  }
  drawScaleBar(context, map, projection, unit);
}

/** A round length of about a sixth of the width; only where the map has metres. */
function drawScaleBar(
  context: CanvasRenderingContext2D,
  { header }: MapData,
  { pxPerUnit }: Projection,
  unit: number,
): void {
  if (header.scale !== 'metric') return;
  const wanted = context.canvas.width / 6 / pxPerUnit;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const lengthM = [5, 2, 1].map((k) => k * power).find((l) => l <= wanted) ?? power;
  const [x, y] = [12 * unit, context.canvas.height - 12 * unit];
  context.strokeStyle = context.fillStyle = colour('muted');
  context.lineWidth = 1.5 * unit;
  context.beginPath();
  context.moveTo(x, y - 4 * unit);
  context.lineTo(x, y);
  context.lineTo(x + lengthM * pxPerUnit, y);
  context.lineTo(x + lengthM * pxPerUnit, y - 4 * unit);
  context.stroke();
  context.font = `${11 * unit}px system-ui, sans-serif`;
  const label =
    lengthM >= 1000 ? `${lengthM / 1000} km` : lengthM >= 1 ? `${lengthM} m` : `${lengthM * 100} cm`;
  context.fillText(label, x + 5 * unit, y - 6 * unit);
}

function strokeTrail(
  context: CanvasRenderingContext2D,
  { segments, count }: Trail,
  toCanvas: (position: Vec3) => Point,
  stroke: string,
  width: number,
): void {
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.lineCap = 'round';
  context.beginPath();
  for (let i = 0; i < 6 * count(); i += 6) {
    context.moveTo(...toCanvas([segments[i], segments[i + 1], segments[i + 2]]));
    context.lineTo(...toCanvas([segments[i + 3], segments[i + 4], segments[i + 5]]));
  }
  context.stroke();
}

/** Direction the camera looks on the plan; where it looks straight down, its picture's upper edge. */
function headingOf({ frame }: MapData, orientation: readonly [number, number, number, number]): number {
  const [, down, ahead] = axesOf(orientation);
  const steep = Math.abs(dot(ahead, frame.up)) > 0.9;
  const direction: Vec3 = steep ? [-down[0], -down[1], -down[2]] : ahead;
  return Math.atan2(-dot(direction, frame.planUp), dot(direction, frame.planRight));
}

function drawNumber(
  context: CanvasRenderingContext2D,
  [x, y]: Point,
  number: number,
  unit: number,
  fill: string,
): void {
  context.font = `600 ${10 * unit}px system-ui, sans-serif`;
  context.lineWidth = 3 * unit;
  context.strokeStyle = colour('canvas');
  context.fillStyle = fill;
  context.strokeText(String(number), x + 9 * unit, y - 8 * unit);
  context.fillText(String(number), x + 9 * unit, y - 8 * unit);
}

function drawArrow(
  context: CanvasRenderingContext2D,
  [x, y]: Point,
  angle: number,
  size: number,
  fill: string,
): void {
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.fillStyle = fill;
  context.strokeStyle = colour('canvas');
  context.lineWidth = size / 6;
  context.beginPath();
  context.moveTo(size, 0);
  context.lineTo(-0.7 * size, 0.65 * size);
  context.lineTo(-0.35 * size, 0);
  context.lineTo(-0.7 * size, -0.65 * size);
  context.closePath();
  context.fill();
  context.stroke();
  context.restore();
}
