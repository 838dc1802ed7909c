import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const SHARED = process.env.POSESTREAM_SHARED ?? join(REPOSITORY, '..', 'shared');

export const repositoryPath = (...parts: string[]) => join(REPOSITORY, ...parts);

/** A path in the real data sets, which are not part of the project. */
export const sharedPath = (...parts: string[]) => join(SHARED, ...parts);

/** `false` where the data is there, otherwise why the test is skipped. */
export function skipWithout(...parts: string[]): string | false {
  const path = sharedPath(...parts);
  return existsSync(path)
    ? false
    : `real data ${parts.join('/')} is not here (POSESTREAM_SHARED names its folder)`;
}
