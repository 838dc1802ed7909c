import { lookup } from 'node:dns/promises';
import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import { bareHost, isInnerAddress } from './hosts.js';
import { redactUrl } from './redactUrl.js';
import type { SourceAddress } from './sourceUrl.js';

/** What a source named by a client may reach. Whoever runs the program may name anything. */
export interface SourcePolicy {
  /** Folders that files may lie in. */
  readonly fileRoots: readonly string[];
  /** Cameras in private networks and on this machine. */
  readonly allowPrivateHosts: boolean;
  /** Cameras of this machine, and listeners on it. */
  readonly allowLocalDevices: boolean;
}

/** Throws E_SOURCE_URL where the policy does not allow the source. Names are looked up, and every address they stand for
 * must be allowed; a name that changes its address afterwards gets past this, as it would past any check before the
 * connection. */
export async function checkPolicy(source: SourceAddress, policy: SourcePolicy): Promise<void> {
  if (source.kind === 'push') return;
  if (source.kind === 'file') return checkFile(source.path, policy.fileRoots);
  if (source.kind === 'v4l2' || source.isListener) {
    if (!policy.allowLocalDevices) throw refused(source.url, 'cameras of this machine are not allowed');
    return;
  }
  if (policy.allowPrivateHosts) return;
  for (const address of await addressesOf(source.url))
    if (isInnerAddress(address)) throw refused(source.url, 'its host is in a private network');
}

async function checkFile(path: string, roots: readonly string[]): Promise<void> {
  // A file that is not there is named as one outside: no telling what exists.
  if ((await realPathWithin(path, roots)) === null)
    throw refused(path, 'there is no such file in a folder that sources may lie in');
}

/** Where a path leads once every link is followed; null where that is in none of the folders, or nowhere. */
export async function realPathWithin(path: string, roots: readonly string[]): Promise<string | null> {
  const real = await realpath(path).catch(() => null);
  for (const root of roots) {
    const folder = await realpath(root).catch(() => null);
    if (real === null || folder === null) continue;
    if (`${real}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)) return real;
  }
  return null;
}

async function addressesOf(url: string): Promise<readonly string[]> {
  const host = bareHost(new URL(url).hostname);
  const found = await lookup(host, { all: true }).catch(() => []);
  if (found.length === 0) throw refused(url, 'its host is not known');
  return found.map(({ address }) => address);
}

const refused = (what: string, why: string): PosestreamError =>
  new PosestreamError('E_SOURCE_URL', `Source '${redactUrl(what).slice(0, 200)}' is not allowed: ${why}.`, {
    hint: 'The configuration says what may be added at run time (sources.*).',
  });
