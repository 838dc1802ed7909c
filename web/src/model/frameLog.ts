import type { PosedMessage, PoseMessage } from '../../../src/server/wire.js';

const CHUNK = 1024;
/** 15 minutes at the 30 Hz this page asks for. */
const LOG_FRAMES = 27 * CHUNK;

const STATES = ['posed', 'lost'] as const;
const CLOCKS = ['rtcp', 'arrival', 'media'] as const;
const TRACKS = ['lost', 'relocalizing', 'tracking', 'coasting'] as const;
const STAGES = [
  'extractMs',
  'retrieveMs',
  'clusterMs',
  'matchMs',
  'solveMs',
  'smoothMs',
  'totalMs',
] as const satisfies readonly (keyof PoseMessage['timings'])[];

const COLUMNS = [
  ...['atMs', 'epoch', 'sequence', 'timestampS', 'captureMs', 'clock', 'ageMs', 'state', 'track'],
  ...['retrieved', 'resetCounter', 'in', 'posed', 'lost', 'confidence', 'inliers'],
  ...['matches', 'coverage', 'rmsPx', 'errorM', 'errorDeg', 'latDeg', 'lonDeg', 'altM', ...STAGES],
  ...['pose', '1', '2', '3', '4', '5', '6', 'truth', '1', '2', '3', '4', '5', '6'],
];
const WIDTH = COLUMNS.length;
const column = (name: string): number => COLUMNS.indexOf(name);
const AT = Object.fromEntries(COLUMNS.map((name) => [name, column(name)])) as Record<string, number>;

/** Frames of one stream as they came, the oldest falling out: one table of float64, so that a day costs no more than
 * fifteen minutes. Frames are named by a running number that never repeats. */
export interface FrameLog {
  /** Number of the oldest frame kept. */
  readonly first: () => number;
  /** One past the newest. */
  readonly end: () => number;
  /** `atMs`: when it came, on the page's own clock; must not run backward. */
  readonly add: (pose: PoseMessage, atMs: number) => void;
  /** Newest frame at or before this time; -1 where there is none. */
  readonly indexAt: (atMs: number) => number;
  readonly atMs: (index: number) => number;
  readonly isPosed: (index: number) => boolean;
  /** NaN where the frame was lost. */
  readonly inliers: (index: number) => number;
  readonly confidence: (index: number) => number;
  /** NaN where unknown. */
  readonly ageMs: (index: number) => number;
  /** Distance to the reference; NaN without one. */
  readonly errorM: (index: number) => number;
  /** Where the pose is from, or why there is none. */
  readonly cause: (index: number) => string;
  /** The message again, without covariance, smoothed pose and what a message is not shown by. */
  readonly pose: (index: number) => PoseMessage;
}

export function createFrameLog(stream: string, capacity = LOG_FRAMES): FrameLog {
  const chunks: Float64Array[] = [];
  const causes: string[] = [];
  const details: string[] = [];
  let end = 0;

  const row = (index: number): Float64Array => {
    const slot = index % capacity;
    const chunk = Math.floor(slot / CHUNK);
    chunks[chunk] ??= new Float64Array(CHUNK * WIDTH);
    return chunks[chunk].subarray((slot % CHUNK) * WIDTH, ((slot % CHUNK) + 1) * WIDTH);
  };
  const cell = (index: number, at: number): number => {
    const slot = index % capacity;
    return chunks[Math.floor(slot / CHUNK)][(slot % CHUNK) * WIDTH + at];
  };
  const first = (): number => Math.max(0, end - capacity);

  return {
    first,
    end: () => end,
    add(pose, atMs) {
      write(row(end), pose, atMs);
      causes[end % capacity] = pose.state === 'posed' ? pose.source : pose.reason;
      details[end % capacity] = pose.state === 'lost' ? pose.detail : '';
      end++;
    },
    indexAt(atMs) {
      let [low, high] = [first(), end];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (cell(middle, AT.atMs) <= atMs) low = middle + 1;
        else high = middle;
      }
      return low > first() ? low - 1 : -1;
    },
    atMs: (index) => cell(index, AT.atMs),
    isPosed: (index) => cell(index, AT.state) === 0,
    inliers: (index) => cell(index, AT.inliers),
    confidence: (index) => cell(index, AT.confidence),
    ageMs: (index) => cell(index, AT.ageMs),
    errorM: (index) => cell(index, AT.errorM),
    cause: (index) => causes[index % capacity],
    pose: (index) => read(row(index), stream, causes[index % capacity], details[index % capacity]),
  };
}

const NAN_ROW = new Float64Array(WIDTH).fill(Number.NaN);

function write(row: Float64Array, pose: PoseMessage, atMs: number): void {
  row.set(NAN_ROW);
  const put = (name: string, value: number | null | undefined): void => {
    row[AT[name]] = value ?? Number.NaN;
  };
  const { counters } = pose;
  put('atMs', atMs);
  for (const name of ['epoch', 'sequence', 'timestampS', 'captureMs', 'ageMs', 'resetCounter'] as const)
    put(name, pose[name]);
  put('clock', CLOCKS.indexOf(pose.clock));
  put('state', STATES.indexOf(pose.state));
  put('track', pose.track === undefined ? null : TRACKS.indexOf(pose.track));
  put('retrieved', pose.retrieved === undefined ? null : Number(pose.retrieved));
  for (const name of ['in', 'posed', 'lost'] as const) put(name, counters[name]);
  for (const stage of STAGES) put(stage, pose.timings[stage]);
  if (pose.truth) row.set([...pose.truth.position, ...pose.truth.orientation], AT.truth);
  if (pose.state === 'posed') writePosed(row, pose, put);
}

function writePosed(
  row: Float64Array,
  pose: PosedMessage,
  put: (name: string, value: number | undefined) => void,
): void {
  for (const name of ['confidence', 'inliers', 'matches', 'coverage'] as const) put(name, pose[name]);
  put('rmsPx', pose.reprojectionRmsPx);
  put('errorM', pose.error?.m);
  put('errorDeg', pose.error?.deg);
  put('latDeg', pose.wgs84?.latDeg);
  put('lonDeg', pose.wgs84?.lonDeg);
  put('altM', pose.wgs84?.altM);
  row.set([...pose.position, ...pose.orientation], AT.pose);
}

function read(row: Float64Array, stream: string, cause: string, detail: string): PoseMessage {
  const get = (name: string): number => row[AT[name]];
  const known = (name: string): number | undefined => (Number.isNaN(get(name)) ? undefined : get(name));
  const transform = (at: number) => ({
    position: [row[at], row[at + 1], row[at + 2]] as [number, number, number],
    orientation: [row[at + 3], row[at + 4], row[at + 5], row[at + 6]] as [number, number, number, number],
  });
  const stages = STAGES.flatMap((stage) => (known(stage) === undefined ? [] : [[stage, get(stage)]]));
  const frame = {
    type: 'pose' as const,
    stream,
    epoch: get('epoch'),
    sequence: get('sequence'),
    timestampS: get('timestampS'),
    captureMs: get('captureMs'),
    clock: CLOCKS[get('clock')],
    ageMs: known('ageMs') ?? null,
    timings: Object.fromEntries(stages) as PoseMessage['timings'],
    counters: { in: get('in'), posed: get('posed'), lost: get('lost'), dropped: {} },
    mapSha256: '',
    modelSha256: '',
    track: known('track') === undefined ? undefined : TRACKS[get('track')],
    resetCounter: known('resetCounter'),
    retrieved: known('retrieved') === undefined ? undefined : get('retrieved') === 1,
    truth: Number.isNaN(get('truth')) ? undefined : transform(AT.truth),
  };
  if (STATES[get('state')] === 'lost') return { ...frame, state: 'lost', reason: cause, detail };
  return {
    ...frame,
    ...transform(AT.pose),
    state: 'posed',
    source: cause as PosedMessage['source'],
    covariance: null,
    confidence: get('confidence'),
    inliers: get('inliers'),
    matches: get('matches'),
    coverage: get('coverage'),
    reprojectionRmsPx: get('rmsPx'),
    error: known('errorM') === undefined ? undefined : { m: get('errorM'), deg: get('errorDeg') },
    wgs84:
      known('latDeg') === undefined
        ? undefined
        : { latDeg: get('latDeg'), lonDeg: get('lonDeg'), altM: get('altM') },
  };
}
