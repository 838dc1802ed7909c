import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createGateway } from '../src/server/gateway.js';
import { FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';
import { repositoryPath } from './support/shared.js';

const TOKEN = 'a-token-of-the-test';

test('every metric is served, counted and documented, and needs the token', async (t) => {
  const map = fakeMap();
  const gateway = await createGateway({
    ...{ map, model: FAKE_MODEL, serverVersion: '0', token: TOKEN, port: 0 },
    streams: [{ id: 'front' }],
  });
  t.after(() => gateway.close());
  const drive = fakeDrive(map, 'front', Date.now);
  for (const kind of ['connecting', 'connecting', 'streaming', 'streaming'] as const)
    gateway.publishStatus('front', { kind });
  for (let n = 0; n < 5; n++) gateway.publishOutcome('front', drive.frame(n, n === 4).outcome);
  gateway.publishOutcome('front', {
    ...{ kind: 'dropped', reason: 'busy', timings: {} },
    frame: drive.frame(5).outcome.frame,
  });
  gateway.publishStatus('front', { kind: 'stalled' });

  const address = `${gateway.url}metrics`;
  assert.equal((await fetch(address)).status, 401);
  const response = await fetch(address, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const numberAt = (line: RegExp) => Number(text.match(line)?.[1]);
  const count = (outcome: string) => {
    const lines = text.matchAll(
      new RegExp(`frames_total\\{stream="front",outcome="${outcome}",[^}]*\\} (\\d+)`, 'g'),
    );
    return [...lines].reduce((sum, [, n]) => sum + Number(n), 0);
  };
  assert.deepEqual([count('posed'), count('lost'), count('dropped')], [4, 1, 1]);
  assert.equal(numberAt(/posestream_source_up\{stream="front"\} (\d)/), 0);
  for (const kind of ['connecting', 'streaming', 'stalled']) {
    const line = new RegExp(`posestream_source_events_total\\{stream="front",kind="${kind}"\\} (\\d)`);
    assert.equal(numberAt(line), 1, kind);
  }
  assert.equal(numberAt(/posestream_confidence_count\{stream="front"\} (\d)/), 4);
  assert.equal(numberAt(/posestream_clients (\d)/), 0);

  const documented = readFileSync(repositoryPath('docs/metrics.md'), 'utf8');
  for (const [, name] of text.matchAll(/^# HELP (posestream_\S+)/gm))
    assert.ok(documented.includes(`\`${name}\``), name);
});

test('the Grafana dashboard asks only for metrics that there are', () => {
  const documented = readFileSync(repositoryPath('docs/metrics.md'), 'utf8');
  const dashboard = JSON.parse(readFileSync(repositoryPath('docs/grafana.json'), 'utf8')) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  };
  assert.ok(dashboard.panels.length >= 6);
  for (const { targets } of dashboard.panels)
    for (const { expr } of targets)
      for (const [name] of expr.matchAll(/posestream_[a-z_]+/g))
        assert.ok(documented.includes(`\`${name.replace(/_(bucket|sum|count)$/, '')}\``), name);
});
