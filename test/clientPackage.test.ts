import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { WebSocket } from 'ws';
import { tempFolder } from './clips.js';
import { startFakeServer } from './fakeGateway.js';
import { repositoryPath } from './support/shared.js';

const run = promisify(execFile);

/** An app with posestream installed from its tarball; the client's files are as the sources are now. */
async function installed(root: string): Promise<string> {
  const [pack, app] = [join(root, 'pack'), join(root, 'app')];
  const packed = join(app, 'node_modules', 'posestream');
  for (const folder of [pack, packed]) mkdirSync(folder, { recursive: true });
  const entryPoints = ['src/client/*.ts'].map((pattern) => repositoryPath(pattern));
  await build({ entryPoints, outdir: join(pack, 'dist', 'client'), format: 'esm', logLevel: 'error' });
  const manifest = JSON.parse(await readFile(repositoryPath('package.json'), 'utf8'));
  writeFileSync(join(pack, 'package.json'), JSON.stringify({ ...manifest, scripts: {} }));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', root], {
    cwd: pack,
  });
  const [{ filename }] = JSON.parse(stdout) as readonly { readonly filename: string }[];
  await run('tar', ['-xzf', join(root, filename), '--strip-components=1', '-C', packed]);
  for (const name of ['ws', '@msgpack']) {
    assert.ok(name === '@msgpack' || name in manifest.dependencies);
    symlinkSync(repositoryPath('node_modules', name), join(app, 'node_modules', name));
  }
  writeFileSync(join(app, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(app, 'app.js'),
    `import { connectPoses } from 'posestream/client';
export async function first(url, encoding) {
  for await (const pose of connectPoses(url, { encoding })) return pose.type;
}
if (globalThis.process?.argv[2]) first(process.argv[2], process.argv[3]).then(console.log);
`,
  );
  return app;
}

test('posestream/client from the tarball runs in Node, and bundled for browsers without anything of Node', {
  timeout: 120_000,
}, async () => {
  const server = await startFakeServer(20);
  try {
    const app = await installed(tempFolder());
    for (const encoding of ['json', 'msgpack']) {
      const { stdout } = await run(process.execPath, [join(app, 'app.js'), server.gateway.url, encoding]);
      assert.equal(stdout, 'pose\n');
    }
    const outfile = join(app, 'bundle.js');
    const { metafile } = await build({
      ...{ entryPoints: [join(app, 'app.js')], absWorkingDir: app, outfile, bundle: true, metafile: true },
      ...{ platform: 'browser', format: 'iife', globalName: 'app', logLevel: 'error' },
    });
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    assert.deepEqual(outside, []);
    const code = await readFile(outfile, 'utf8');
    assert.doesNotMatch(code, /["']node:/);
    assert.equal(await inPage(code, server.gateway.url), 'pose pose');
  } finally {
    await server.stop();
  }
});

/** The bundle among a browser's globals alone. */
async function inPage(code: string, url: string): Promise<string> {
  const globals = {
    ...{
      WebSocket,
      URL,
      AbortSignal,
      fetch,
      performance,
      setTimeout,
      clearTimeout,
      setInterval,
      clearInterval,
    },
    // Of this realm, as the socket hands them over.
    ...{ TextDecoder, TextEncoder, ArrayBuffer, Uint8Array, DataView, RangeError },
  };
  const context = createContext(globals);
  runInContext(code, context);
  const first = runInContext('app.first', context) as (url: string, encoding: string) => Promise<string>;
  return `${await first(url, 'json')} ${await first(url, 'msgpack')}`;
}
