import { z } from 'zod';
import { rigid } from '../../geometry/rigid.js';
import { contentLines, lineError, type TextLine } from '../../map/textLines.js';
import type { RunFrame, Trajectory } from './run.js';

const HINT = 'A report has one JSON object a line, as `posestream localize --report` writes it.';

const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const quaternion = z
  .tuple([z.number(), z.number(), z.number(), z.number()])
  .refine((q) => Math.abs(Math.hypot(...q) - 1) < 0.01, 'is not of unit length');

/** What is needed of a line; reports of older and newer versions have fewer or more fields. */
const reportLine = z.looseObject({
  timestampS: z.number(),
  outcome: z.enum(['posed', 'lost', 'dropped']),
  position: vec3.nullish(),
  orientation: quaternion.nullish(),
  smoothPosition: vec3.nullish(),
  smoothOrientation: quaternion.nullish(),
  state: z.string().nullish(),
  source: z.string().nullish(),
  confidence: z.number().nullish(),
  reason: z.string().nullish(),
  resetCounter: z.number().nullish(),
  retrieved: z.boolean().nullish(),
  ageMs: z.number().nullish(),
  timings: z.record(z.string(), z.number().nullish()).nullish(),
});
type ReportLine = z.infer<typeof reportLine>;

/** Whether a report has poses that something smoothed. */
export const hasSmoothPoses = (text: string): boolean => text.includes('"smoothPosition"');

/** Frames of a `--report` file, in file order. Throws E_FILE_INVALID naming file and line. */
export function parseReport(text: string, file: string, use: Trajectory): RunFrame[] {
  return contentLines(text).map((line) => {
    const said = parseLine(line, file);
    if (said.outcome === 'posed' && poseOf(said, 'raw') === null)
      throw lineError(
        'E_FILE_INVALID',
        file,
        line.number,
        'posed, but without position or orientation',
        HINT,
      );
    return frameOf(said, use);
  });
}

function parseLine({ text, number }: TextLine, file: string): ReportLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw lineError('E_FILE_INVALID', file, number, 'not a whole JSON object', HINT);
  }
  const { data, error } = reportLine.safeParse(value);
  if (data !== undefined) return data;
  const { path, message } = error.issues[0];
  throw lineError('E_FILE_INVALID', file, number, `${path.join('.') || 'the line'}: ${message}`, HINT);
}

const frameOf = (line: ReportLine, use: Trajectory): RunFrame => ({
  timeS: line.timestampS,
  outcome: line.outcome,
  worldFromCam: line.outcome === 'posed' ? poseOf(line, use) : null,
  state: line.state ?? null,
  source: line.source ?? null,
  confidence: line.confidence ?? null,
  reason: line.reason ?? null,
  resetCounter: line.resetCounter ?? null,
  retrieved: line.retrieved ?? null,
  ageMs: line.ageMs ?? null,
  timings: known(line.timings ?? {}),
});

/** Where nothing smooths yet, as on a first fix, the raw pose is all there is. */
function poseOf(line: ReportLine, use: Trajectory): RunFrame['worldFromCam'] {
  if (use === 'smooth' && line.smoothPosition && line.smoothOrientation)
    return rigid(line.smoothOrientation, line.smoothPosition);
  return line.position && line.orientation ? rigid(line.orientation, line.position) : null;
}

const known = (timings: Readonly<Record<string, number | null | undefined>>) =>
  Object.fromEntries(
    Object.entries(timings).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
