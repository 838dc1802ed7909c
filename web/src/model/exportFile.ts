import type { PoseMessage } from '../../../src/server/wire.js';
import type { FrameLog } from './frameLog.js';

export type ExportFormat = 'tum' | 'csv' | 'json';

export interface ExportFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
  readonly rows: number;
}

const TYPES: Record<ExportFormat, string> = {
  tum: 'text/plain',
  csv: 'text/csv',
  json: 'application/json',
};

/** The frames of a stream between two moments of the page's clock as a file.
 * @param startedMs  Unix time of the page's zero, for the file's name */
export function exportFrames(
  frames: FrameLog,
  stream: string,
  [fromMs, toMs]: readonly [number, number],
  format: ExportFormat,
  startedMs: number,
): ExportFile {
  const poses: PoseMessage[] = [];
  for (let i = frames.indexAt(toMs); i >= frames.first() && frames.atMs(i) >= fromMs; i--)
    poses.push(frames.pose(i));
  poses.reverse();
  const taken = format === 'tum' ? poses.filter(isFix) : poses;
  const when = new Date(startedMs + toMs).toISOString().replace(/[:.]/g, '-');
  return {
    name: `${stream}-${when}.${format}`,
    type: TYPES[format],
    text: WRITERS[format](taken),
    rows: taken.length,
  };
}

/** Predictions are no measurements and stay out of trajectories. */
const isFix = (pose: PoseMessage): boolean => pose.state === 'posed' && pose.source !== 'coasted';

const WRITERS: Record<ExportFormat, (poses: readonly PoseMessage[]) => string> = {
  tum: tumOf,
  csv: csvOf,
  json: (poses) => JSON.stringify(poses.map(({ mapSha256, modelSha256, ...pose }) => pose)),
};

/** Source: TUM RGB-D benchmark, file formats. Where the source began anew a comment says so: times start over there. */
function tumOf(poses: readonly PoseMessage[]): string {
  const lines = ['# timestamp tx ty tz qx qy qz qw'];
  poses.forEach((pose, i) => {
    if (pose.state !== 'posed') return;
    if (i > 0 && poses[i - 1].epoch !== pose.epoch) lines.push(`# epoch ${pose.epoch}`);
    lines.push([pose.timestampS, ...pose.position, ...pose.orientation].map(plain).join(' '));
  });
  return `${lines.join('\n')}\n`;
}

const CSV_COLUMNS: readonly (readonly [string, (pose: PoseMessage) => string | number | null | undefined])[] =
  [
    ['epoch', (p) => p.epoch],
    ['sequence', (p) => p.sequence],
    ['timestamp_s', (p) => p.timestampS],
    ['capture_ms', (p) => p.captureMs],
    ['clock', (p) => p.clock],
    ['age_ms', (p) => p.ageMs],
    ['state', (p) => p.state],
    ['source', (p) => (p.state === 'posed' ? p.source : null)],
    ['reason', (p) => (p.state === 'lost' ? p.reason : null)],
    ...(['x', 'y', 'z'] as const).map(
      (axis, i) => [axis, (p: PoseMessage) => (p.state === 'posed' ? p.position[i] : null)] as const,
    ),
    ...(['qx', 'qy', 'qz', 'qw'] as const).map(
      (axis, i) => [axis, (p: PoseMessage) => (p.state === 'posed' ? p.orientation[i] : null)] as const,
    ),
    ['confidence', (p) => (p.state === 'posed' ? p.confidence : null)],
    ['inliers', (p) => (p.state === 'posed' ? p.inliers : null)],
    ['matches', (p) => (p.state === 'posed' ? p.matches : null)],
    ['coverage', (p) => (p.state === 'posed' ? p.coverage : null)],
    ['reprojection_rms_px', (p) => (p.state === 'posed' ? p.reprojectionRmsPx : null)],
    ['total_ms', (p) => p.timings.totalMs],
    ['error_m', (p) => (p.state === 'posed' ? p.error?.m : null)],
    ['error_deg', (p) => (p.state === 'posed' ? p.error?.deg : null)],
    ['lat_deg', (p) => (p.state === 'posed' ? p.wgs84?.latDeg : null)],
    ['lon_deg', (p) => (p.state === 'posed' ? p.wgs84?.lonDeg : null)],
    ['alt_m', (p) => (p.state === 'posed' ? p.wgs84?.altM : null)],
  ];

/** RFC 4180 with a header; a field is empty where there is no value. */
function csvOf(poses: readonly PoseMessage[]): string {
  const header = CSV_COLUMNS.map(([name]) => name).join(',');
  const rows = poses.map((pose) =>
    CSV_COLUMNS.map(([, value]) => {
      const field = value(pose);
      return typeof field === 'number' ? plain(field) : (field ?? '');
    }).join(','),
  );
  return `${[header, ...rows].join('\r\n')}\r\n`;
}

/** The shortest form that reads back to the same double. */
const plain = (value: number): string => (Object.is(value, -0) ? '0' : String(value));
