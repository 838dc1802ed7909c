import type { Run } from './run.js';

/** Runs by their file names; where two files share a name, by their paths. */
export function labelRuns(paths: readonly string[], read: (path: string) => Run): Run[] {
  const runs = paths.map(read);
  const isShared = ({ label }: Run) => runs.filter((other) => other.label === label).length > 1;
  return runs.map((run, i) => (isShared(run) ? { ...run, label: paths[i] } : run));
}
