import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { WebSocketServer } from 'ws';
import { createRosbridgeOutput } from '../src/server/formats/rosbridge.js';
import { fakeDrive, fakeMap } from './fakeScene.js';
import { until } from './support/until.js';

interface Request {
  readonly op: string;
  readonly topic: string;
  readonly type?: string;
  readonly msg?: {
    readonly header: { readonly stamp: Readonly<Record<string, number>>; readonly frame_id: string };
    readonly pose: {
      readonly pose: { readonly position: object; readonly orientation: object };
      readonly covariance: readonly number[];
    };
  };
}

/** As much of a rosbridge server as a publisher meets. */
async function rosbridge(port = 0) {
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  const requests: Request[] = [];
  server.on('connection', (socket) =>
    socket.on('message', (data) => requests.push(JSON.parse(String(data)) as Request)),
  );
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  return { requests, port: (server.address() as AddressInfo).port, stop };
}

test('fixes reach rosbridge as PoseWithCovarianceStamped, again after it was away', async () => {
  const first = await rosbridge();
  const warnings: string[] = [];
  const output = createRosbridgeOutput(
    { url: `ws://127.0.0.1:${first.port}`, stream: 'front', topic: '/camera_pose', ros: 2 },
    (warning) => warnings.push(warning),
  );
  await until(() => first.requests.length === 1, 'advertisement');
  assert.deepEqual(first.requests[0], {
    op: 'advertise',
    topic: '/camera_pose',
    type: 'geometry_msgs/msg/PoseWithCovarianceStamped',
  });
  const drive = fakeDrive(fakeMap(1, 500), 'front', () => 1_700_000_000_500);
  const { outcome } = drive.frame(1, false);
  output.outcome(outcome, 0);
  output.outcome(drive.frame(2, true).outcome, 0);
  await until(() => first.requests.length === 2, 'pose');
  const { op, msg } = first.requests[1];
  assert.ok(op === 'publish' && msg && outcome.kind === 'posed');
  const { sec, nanosec } = msg.header.stamp;
  assert.ok(Math.abs(sec * 1e3 + nanosec / 1e6 - outcome.frame.captureMs) < 0.01);
  assert.equal(msg.header.frame_id, 'map');
  const { t, q } = outcome.pose.worldFromCam;
  assert.deepEqual(Object.values(msg.pose.pose.position), [...t]);
  assert.deepEqual(Object.values(msg.pose.pose.orientation), [...q]);
  assert.equal(msg.pose.covariance.length, 36);
  // A rotation error of 1e-4 rad^2 about the origin moves a camera that is far from it.
  assert.ok(Math.abs(msg.pose.covariance[0] - 1e-4 * (1 + t[1] ** 2 + t[2] ** 2)) < 1e-12);
  assert.equal(msg.pose.covariance[21], 1e-4);

  await first.stop();
  output.outcome(outcome, 0);
  const second = await rosbridge(first.port);
  await until(() => second.requests.some((request) => request.op === 'advertise'), 'advertisement');
  output.outcome(outcome, 0);
  await until(() => second.requests.some((request) => request.op === 'publish'), 'pose');
  await output.close();
  await second.stop();
});
