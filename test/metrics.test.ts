import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { createGateway, type Gateway } from '../src/server/gateway.js';
import { createLog } from '../src/server/log.js';
import { FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';
import { repositoryPath } from './support/shared.js';
import { until } from './support/until.js';

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

  const exported = [...text.matchAll(/^# HELP (posestream_\S+)/gm)].map(([, name]) => name);
  assert.deepEqual(exported.toSorted(), [...documented()].toSorted());
});

/** Names in the first column of the table. */
const documented = (): string[] =>
  [...readFileSync(repositoryPath('docs/metrics.md'), 'utf8').matchAll(/^\| `(posestream_\w+)` \|/gm)].map(
    ([, name]) => name,
  );

test('the Grafana dashboard shows every metric, and asks for no other', () => {
  const dashboard = JSON.parse(readFileSync(repositoryPath('docs/grafana.json'), 'utf8')) as {
    readonly panels: readonly {
      readonly id: number;
      readonly targets: readonly { readonly expr: string; readonly refId: string }[];
    }[];
  };
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const asked = panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => [...expr.matchAll(/posestream_\w+/g)].map(([name]) => name)),
  );
  const names = asked.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  assert.deepEqual([...new Set(names)].toSorted(), documented().toSorted());
});

/** Values by name with labels, as Prometheus would read them. */
async function scrape(gateway: Gateway): Promise<Map<string, number>> {
  const text = await (await fetch(`${gateway.url}metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('sockets that close or are refused, and video that comes in, are counted', async (t) => {
  const map = fakeMap();
  const events: string[] = [];
  const gateway = await createGateway({
    ...{ map, model: FAKE_MODEL, serverVersion: '0', port: 0, limits: { maxClients: 2 } },
    streams: [{ id: 'phone', ingest: ({ bytes }) => void bytes.resume() }],
    log: createLog({ level: 'info', format: 'json', write: (line) => events.push(JSON.parse(line).event) }),
  });
  t.after(() => gateway.close());
  const address = gateway.url.replace('http', 'ws');
  const poses = new WebSocket(`${address}poses`);
  await once(poses, 'open');
  const video = new WebSocket(`${address}ingest/phone`);
  await once(video, 'open');
  video.send(Buffer.alloc(1000));
  video.send(Buffer.alloc(500));
  const third = new WebSocket(`${address}poses`);
  await once(third, 'error');
  poses.close(1000);
  video.terminate();
  await until(() => gateway.clients() === 0, 'the end of the sockets');
  let seen = await scrape(gateway);
  while (!seen.has('posestream_client_closes_total{code="1006"}')) seen = await scrape(gateway);
  assert.equal(seen.get('posestream_client_closes_total{code="1000"}'), 1);
  assert.equal(seen.get('posestream_client_closes_total{code="1006"}'), 1);
  assert.equal(seen.get('posestream_client_refusals_total{status="503"}'), 1);
  assert.equal(seen.get('posestream_ingest_bytes_total{stream="phone"}'), 1500);
  assert.ok(events.includes('refused-503'));
});

test('an event loop that is late is told in metrics, log and health', async (t) => {
  const events: string[] = [];
  const gateway = await createGateway({
    ...{ map: fakeMap(), model: FAKE_MODEL, serverVersion: '0', port: 0, streams: [] },
    log: createLog({ level: 'info', format: 'json', write: (line) => events.push(JSON.parse(line).event) }),
  });
  t.after(() => gateway.close());
  const health = async () => {
    const response = await fetch(`${gateway.url}healthz`);
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  // A machine with much else to do may be late by itself.
  for (let n = 0; n < 3 || (await health())[1] !== 'ok'; n++)
    await new Promise((resolve) => setTimeout(resolve, 40));
  events.length = 0;
  const untilMs = performance.now() + 800;
  while (performance.now() < untilMs);
  await until(() => events.length > 0, 'the line of the log');
  assert.deepEqual(events, ['degraded']);
  assert.deepEqual(await health(), [200, 'degraded']);
  const seen = await scrape(gateway);
  assert.equal(seen.get('posestream_degraded'), 1);
  assert.ok((seen.get('posestream_loop_delay_p99_seconds') ?? 0) > 0.1);
});
