import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildMapFile } from './buildMapFile.js';
import { DEFAULT_MODEL } from './openLocalizer.js';
import { say } from './terminal.js';
import { packageVersion } from './version.js';

/** Map of a town drive, built once per network, drive and package version and kept in the user's cache. */
export async function demoMap(folder: string, signal: AbortSignal): Promise<string> {
  const drive = ['video.mp4', 'poses.tum', 'intrinsics.json'].map((name) => join(folder, name));
  const path = join(cacheFolder(), `town-${packageVersion()}-${digest([...drive, DEFAULT_MODEL])}.map`);
  if (existsSync(path)) return path;
  say('Building the map of the town; the next time it is there.');
  await buildMapFile(
    drive[0],
    { out: path, name: 'town', model: DEFAULT_MODEL, maxSidePx: 640, keypoints: 1000 },
    signal,
  );
  return path;
}

function digest(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir() || tmpdir(), '.cache');
  const folder = join(base, 'posestream');
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return tmpdir();
  }
}
