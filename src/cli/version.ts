import { createRequire } from 'node:module';

/** As package.json has it; the same from the sources and from the build. */
export function packageVersion(): string {
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
}
