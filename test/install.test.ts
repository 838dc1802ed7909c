import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repositoryPath } from './support/shared.js';

const scratch = mkdtempSync(join(tmpdir(), 'posestream-install-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const manifest = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8'));

/** Runs the package's own `prepare` as npm would during `npmCommand`; tells whether that built. */
function builds(npmCommand: string, isBuilt: boolean): boolean {
  const folder = mkdtempSync(join(scratch, 'checkout-'));
  const scripts = { build: "node -e \"fs.writeFileSync('built','')\"" };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts }));
  if (isBuilt) mkdirSync(join(folder, 'dist', 'cli'), { recursive: true });
  if (isBuilt) writeFileSync(join(folder, 'dist', 'cli', 'main.js'), '');
  const env = { ...process.env, npm_command: npmCommand };
  execFileSync(manifest.scripts.prepare, { cwd: folder, env, shell: true, stdio: 'ignore' });
  return existsSync(join(folder, 'built'));
}

test('npx in a built checkout does not build again under a running server', () => {
  assert.equal(builds('exec', true), false);
  assert.equal(builds('exec', false), true);
  assert.equal(builds('ci', true), true);
});

const CHECK = [repositoryPath('src/cli/main.ts'), 'model', 'check', repositoryPath('models/hfnet-fast.json')];
const ENGINE = `
  const { createEngine } = await import(${JSON.stringify(pathToFileURL(repositoryPath('src/hfnet/engine.ts')))});
  const engine = await createEngine({ manifestPath: ${JSON.stringify(repositoryPath('models/hfnet-fast.json'))} });
  await engine.extract({ pixels: new Uint8Array(64 * 64), widthPx: 64, heightPx: 64 }, { maxKeypoints: 10 });
  await engine.close();`;

for (const [where, args] of [
  ['its own process', [...CHECK, '--runs', '1', '--size', '320']],
  ['a thread', ['--input-type=module', '-e', ENGINE]],
] as const)
  test(`the network in ${where} tells nobody that it is used`, () => {
    const [home, temporary] = ['home-', 'tmp-'].map((name) => mkdtempSync(join(scratch, name)));
    const { ORT_DISABLE_TELEMETRY: _, CI: __, ...rest } = process.env;
    const env = { ...rest, HOME: home, XDG_CACHE_HOME: home, TMPDIR: temporary };
    const run = spawnSync(process.execPath, ['--import', 'tsx', ...args], { env, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const left = [...readdirSync(home), ...readdirSync(temporary)];
    assert.deepEqual(
      left.filter((name) => !name.startsWith('tsx')),
      [],
    );
  });
