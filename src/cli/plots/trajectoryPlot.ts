import type { MapModel } from '../../domain/mapModel.js';
import type { WorldFromCam } from '../../domain/rigid.js';
import { rigid } from '../../geometry/rigid.js';
import { type Assessed, CONFIDENT_WITHIN, type Reference } from '../eval/assess.js';
import { quantile } from '../eval/quantile.js';
import { hasPose } from '../eval/run.js';
import { isWithin, poseError } from '../evaluate.js';
import { type PlanView, planPoint, viewFromAbove } from './above.js';
import { AXIS, MAP_POINT, runColour, TRUTH } from './colours.js';
import { axes, clipped, type LegendEntry, legend, type Panel, title } from './panel.js';
import { linearScale } from './scale.js';
import { crosses, dots, picture, polyline } from './svg.js';

const LEFT = 78;
const MAX_WIDTH = 880;
const MAX_HEIGHT = 720;
const MIN_SIDE = 200;
const MAX_POINTS = 8000;
/** Points are shown as far from the trajectory as this share of its size. */
const AROUND = 0.4;
/** Reference samples are joined up to this many times their usual distance in time. */
const JOINED = 3;

type Point = readonly [number, number];
interface Extent {
  readonly low: Point;
  readonly high: Point;
}

/** The runs and the reference over the map's points, seen from above. A line joins every pose that is more than 0.5 m
 * or 5 degrees off with where it should be; queries without a pose are crosses at their true place. */
export function trajectoryPlot(
  assessed: readonly Assessed[],
  reference: Reference,
  map: MapModel | null,
): string {
  const truths = reference.all.map(({ worldFromCam }) => worldFromCam);
  const keyframes = map === null ? [] : keyframePoses(map);
  const view = viewFromAbove([...truths, ...keyframes]);
  const mapPoints = map === null ? [] : pointsFromAbove(map, view);
  const around = [...truths, ...keyframes].map(({ t }) => planPoint(view, t));
  const panel = panelOf(extentOf(around, mapPoints), 60);
  const place = ([x, y]: Point): Point => [panel.x.at(x), panel.y.at(y)];
  const key = legend(LEFT, panel.bottom + 56, panel.right - LEFT, keyOf(assessed, map !== null));
  const unit = map?.header.scale === 'arbitrary' ? 'map units' : 'm';
  return picture(
    panel.right + 24,
    panel.bottom + 56 + key.heightPx,
    title(
      LEFT,
      'Trajectory from above',
      `${reference.queries.length} queries${outsideNote(assessed, view, panel)}`,
    ),
    axes(panel, { x: `${view.rightName} (${unit})`, y: `${view.aheadName} (${unit})` }),
    clipped(
      'plan',
      panel,
      dots(mapPoints.map(place), 1.4, MAP_POINT, 0.8),
      truthLine(reference, (t) => place(planPoint(view, t))),
      ...assessed.map((each, i) => runMarks(each, reference, (t) => place(planPoint(view, t)), runColour(i))),
    ),
    key.svg,
  );
}

type Place = (t: readonly [number, number, number]) => Point;

function truthLine({ all }: Reference, place: Place): string {
  const usualS = quantile(
    all.slice(1).map(({ timeS }, i) => timeS - all[i].timeS),
    0.5,
  );
  const points = all.flatMap(({ timeS, worldFromCam }, i) => {
    const isApart = i > 0 && timeS - all[i - 1].timeS > JOINED * usualS!;
    return isApart ? [null, place(worldFromCam.t)] : [place(worldFromCam.t)];
  });
  return polyline(points, { stroke: TRUTH, 'stroke-width': 1.2 });
}

function runMarks({ run, pairs }: Assessed, { queries }: Reference, place: Place, colour: string): string {
  const posed = new Set(pairs.map(({ truth }) => truth.timeS));
  const off = pairs.filter((pair) => !isWithin(poseError(pair), CONFIDENT_WITHIN));
  const leads = off.flatMap(({ truth, estimate }) => [
    place(truth.worldFromCam.t),
    place(estimate.worldFromCam.t),
    null,
  ]);
  const missed = queries.filter(({ timeS }) => !posed.has(timeS));
  return [
    polyline(leads, { stroke: colour, 'stroke-width': 0.8, 'stroke-dasharray': '3 2' }),
    dots(
      run.frames.filter(hasPose).map(({ worldFromCam }) => place(worldFromCam.t)),
      4,
      colour,
      0.85,
    ),
    crosses(
      missed.map(({ worldFromCam }) => place(worldFromCam.t)),
      3.5,
      colour,
    ),
  ].join('');
}

const keyframePoses = ({ keyframes }: MapModel): WorldFromCam[] =>
  Array.from({ length: keyframes.count }, (_, k) => {
    const [tx, ty, tz, qx, qy, qz, qw] = keyframes.worldFromCam.subarray(7 * k, 7 * k + 7);
    return rigid([qx, qy, qz, qw], [tx, ty, tz]);
  });

function pointsFromAbove({ points }: MapModel, view: PlanView): Point[] {
  const step = Math.max(1, Math.ceil(points.count / MAX_POINTS));
  const rows = Array.from({ length: Math.floor(points.count / step) }, (_, i) => i * step);
  return rows.map((row) => planPoint(view, points.xyz.subarray(3 * row, 3 * row + 3)));
}

/** All of the trajectory, and of the points what lies around it: maps have points far astray. */
function extentOf(trajectory: readonly Point[], points: readonly Point[]): Extent {
  const [x, y] = [sideOf(trajectory, 0), sideOf(trajectory, 1)];
  const size = Math.max(x[1] - x[0], y[1] - y[0], 1e-6);
  const widen = ([low, high]: Point, axis: 0 | 1): Point => {
    const near = points
      .map((p) => p[axis])
      .filter((v) => v > low - AROUND * size && v < high + AROUND * size);
    const [nearLow, nearHigh] = [quantile(near, 0.03) ?? low, quantile(near, 0.97) ?? high];
    const margin = 0.05 * size;
    return [Math.min(low, nearLow) - margin, Math.max(high, nearHigh) + margin];
  };
  const [wideX, wideY] = [widen(x, 0), widen(y, 1)];
  return { low: [wideX[0], wideY[0]], high: [wideX[1], wideY[1]] };
}

const sideOf = (points: readonly Point[], axis: 0 | 1): Point =>
  points.reduce<Point>(
    ([low, high], p) => [Math.min(low, p[axis]), Math.max(high, p[axis])],
    [Infinity, -Infinity],
  );

/** One scale for both axes. */
function panelOf({ low, high }: Extent, top: number): Panel {
  const [dx, dy] = [high[0] - low[0], high[1] - low[1]];
  const pxPerUnit = Math.min(MAX_WIDTH / dx, MAX_HEIGHT / dy);
  const [width, height] = [Math.max(MIN_SIDE, dx * pxPerUnit), Math.max(MIN_SIDE, dy * pxPerUnit)];
  const widen = (from: number, to: number, sidePx: number): [number, number] => {
    const half = sidePx / pxPerUnit / 2;
    return [(from + to) / 2 - half, (from + to) / 2 + half];
  };
  const [right, bottom] = [LEFT + width, top + height];
  const x = linearScale(...widen(low[0], high[0], width), [LEFT, right], width / 90);
  const y = linearScale(...widen(low[1], high[1], height), [bottom, top], height / 40);
  return { left: LEFT, right, top, bottom, x, y };
}

function outsideNote(assessed: readonly Assessed[], view: PlanView, { x, y }: Panel): string {
  const outside = assessed.flatMap(({ run }) =>
    run.frames.filter(hasPose).filter(({ worldFromCam }) => {
      const [px, py] = planPoint(view, worldFromCam.t);
      return px < x.from || px > x.to || py < y.from || py > y.to;
    }),
  );
  return outside.length === 0 ? '' : `; poses outside the picture: ${outside.length}`;
}

const keyOf = (assessed: readonly Assessed[], hasMap: boolean): LegendEntry[] => [
  { label: 'reference', colour: TRUTH, mark: 'line' },
  ...assessed.map(({ run }, i) => ({ label: run.label, colour: runColour(i), mark: 'dot' as const })),
  { label: 'more than 0.5 m or 5° off', colour: AXIS, mark: 'dashes' },
  { label: 'query without a pose', colour: AXIS, mark: 'cross' },
  ...(hasMap ? [{ label: 'map points', colour: MAP_POINT, mark: 'dot' as const }] : []),
];
