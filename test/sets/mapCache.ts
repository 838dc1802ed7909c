import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { posestream } from '../support/cli.js';
import { repositoryPath } from '../support/shared.js';
import type { SetCase } from './cases.js';

/** What a map depends on besides its input: the network and the code that builds it. */
const BUILDERS = [
  'models/hfnet.json',
  'models/hfnet.onnx',
  'src/map',
  'src/hfnet',
  'src/geometry',
  'src/kernels',
];

/** A map of this very input by this very code, built where it is not in the folder yet. */
export async function cachedMap({ input, args, files }: SetCase['map'], folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const sources = BUILDERS.map((path) => repositoryPath(path));
  const path = join(folder, `${contentHash([...files, ...sources], args)}.map`);
  if (existsSync(path)) return path;
  const draft = `${path}.${process.pid}`;
  const { code, stderr } = await posestream('map', 'build', input, ...args, '--out', draft);
  if (code !== 0) throw new Error(stderr);
  renameSync(draft, path);
  return path;
}

function contentHash(paths: readonly string[], args: readonly string[]): string {
  const hash = createHash('sha256').update(args.join('\0'));
  for (const path of paths.flatMap(filesBelow)) hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

const filesBelow = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => !name.endsWith('.test.ts'))
        .map((name) => join(path, name))
        .filter((name) => statSync(name).isFile())
        .sort()
    : [path];
