import { readFileSync } from 'node:fs';
import type { WorldFromCam } from '../../src/domain/rigid.js';
import type { ConfidenceEvidence } from '../../src/tracking/confidence.js';

/** One pose the pipeline found with its gate open, and whether it is right. */
export interface EvidenceLine {
  readonly place: string;
  readonly clip: string;
  readonly map: string;
  /** Of the picture: as it is, dark, blurred … */
  readonly condition: string;
  /** The map is of another place: whatever it says is wrong. */
  readonly foreign: boolean;
  readonly evidence: ConfidenceEvidence;
  /** Null where foreign. */
  readonly errorM: number | null;
  readonly errorDeg: number | null;
}

/** As stored: a covariance is a plain list. */
type Stored = Omit<EvidenceLine, 'evidence'> & {
  readonly evidence: Omit<ConfidenceEvidence, 'covariance' | 'worldFromCam'> & {
    readonly worldFromCam: WorldFromCam;
    readonly covariance: readonly number[] | null;
  };
};

export function storeLine({ evidence, ...rest }: EvidenceLine): string {
  const covariance = evidence.covariance === null ? null : [...evidence.covariance];
  return `${JSON.stringify({ ...rest, evidence: { ...evidence, covariance } } satisfies Stored)}\n`;
}

export function readEvidence(path: string): EvidenceLine[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const { evidence, ...rest } = JSON.parse(line) as Stored;
    const covariance = evidence.covariance === null ? null : Float64Array.from(evidence.covariance);
    return { ...rest, evidence: { ...evidence, covariance } };
  });
}

/** What `confidence` promises. */
export const isRight = ({ foreign, errorM, errorDeg }: EvidenceLine) =>
  !foreign && errorM !== null && errorDeg !== null && errorM < 0.5 && errorDeg < 5;
