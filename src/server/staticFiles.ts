import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface StaticFile {
  readonly bytes: Uint8Array;
  /** null where compression does not pay. */
  readonly gzip: Uint8Array | null;
  readonly type: string;
  readonly etag: string;
  /** The name holds a hash of the content. */
  readonly immutable: boolean;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
};
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.svg', '.json']);

/** Every page file by its URL path, read once. A path that is not in the table does not exist, so no request can
 * leave the folder. Empty where the folder is absent. Hidden files, links and unknown types are left out. */
export function loadStaticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || entry.name.startsWith('.') || type === undefined) continue;
    files.set(`/${relative(folder, path).split(sep).join('/')}`, staticFile(path, type));
  }
  const index = files.get('/index.html');
  if (index) files.set('/', index);
  const phone = files.get('/phone.html');
  if (phone) files.set('/phone', phone);
  return files;
}

function staticFile(path: string, type: string): StaticFile {
  const bytes = readFileSync(path);
  return {
    bytes,
    gzip: COMPRESSIBLE.has(extname(path)) && bytes.length > 1024 ? gzipSync(bytes) : null,
    type,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    immutable: /[/\\]assets[/\\].+-[\w-]{8}\.\w+$/.test(path),
  };
}

/** Stands in where the page was not built. */
export const PAGE_MISSING =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>posestream</title>' +
  '<h1>posestream is running</h1><p>The page is not built. Build it with <code>npm run build</code>; ' +
  'poses are served at <code>/poses</code> meanwhile.</p></html>';
