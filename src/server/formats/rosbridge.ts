import { WebSocket } from 'ws';
import type { FrameId } from '../../domain/frame.js';
import type { Posed } from '../../domain/outcome.js';
import { isFix } from '../../tracking/isFix.js';
import { MAP_FRAME, stampMsOf, timeOfMs } from './foxgloveMessages.js';
import type { Output } from './outputs.js';
import { positionFirst } from './poseCovariance.js';

export interface RosbridgeOptions {
  /** ws:// or wss:// */
  readonly url: string;
  readonly stream: string;
  readonly topic: string;
  readonly ros: 1 | 2;
}

const MAX_BUFFERED_BYTES = 64 * 1024;
const RETRY_MS = [250, 500, 1000, 2000, 4000];

/** Publishes every fix of a stream as geometry_msgs/PoseWithCovarianceStamped through a rosbridge server; connects, and
 * connects again, by itself. While nobody is there, or too slow, poses are left out, never kept.
 * Source: https://github.com/RobotWebTools/rosbridge_suite/blob/ros2/ROSBRIDGE_PROTOCOL.md */
export function createRosbridgeOutput(
  options: RosbridgeOptions,
  onWarning: (message: string) => void,
): Output {
  const type =
    options.ros === 2
      ? 'geometry_msgs/msg/PoseWithCovarianceStamped'
      : 'geometry_msgs/PoseWithCovarianceStamped';
  let socket: WebSocket | null = null;
  let retry: NodeJS.Timeout | null = null;
  let failures = 0;
  let closed = false;

  function connect(): void {
    const opening = new WebSocket(options.url, { handshakeTimeout: 5000, maxPayload: 64 * 1024 });
    socket = opening;
    opening.on('open', () => {
      failures = 0;
      opening.send(JSON.stringify({ op: 'advertise', topic: options.topic, type }));
    });
    opening.on('error', (error) => {
      if (failures === 0) onWarning(`rosbridge at ${new URL(options.url).host}: ${error.message}`);
    });
    opening.on('close', () => {
      if (closed) return;
      retry = setTimeout(connect, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
      retry.unref();
    });
  }
  connect();

  return {
    outcome(outcome, nowMs) {
      if (outcome.frame.stream !== options.stream || !isFix(outcome)) return;
      if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > MAX_BUFFERED_BYTES) return;
      const msg = poseWithCovarianceStamped(outcome, options.ros, nowMs);
      socket.send(JSON.stringify({ op: 'publish', topic: options.topic, msg }));
    },
    source: () => undefined,
    async close() {
      closed = true;
      if (retry) clearTimeout(retry);
      socket?.terminate();
    },
  };
}

/** The optical frame of the camera in `map`; position (m) and rotation about the map's axes (rad) in the covariance,
 * whose first entry is -1 where it is unknown, as ROS has it elsewhere. */
function poseWithCovarianceStamped({ frame, pose }: Posed, ros: 1 | 2, nowMs: number) {
  const [px, py, pz] = pose.worldFromCam.t;
  const [x, y, z, w] = pose.worldFromCam.q;
  const covariance = positionFirst(pose.worldFromCam, pose.covariance);
  return {
    header: headerOf(frame, ros, nowMs),
    pose: {
      pose: { position: { x: px, y: py, z: pz }, orientation: { x, y, z, w } },
      covariance: covariance ? Array.from(covariance) : [-1, ...new Array<number>(35).fill(0)],
    },
  };
}

function headerOf(frame: FrameId, ros: 1 | 2, nowMs: number) {
  const { sec, nsec } = timeOfMs(stampMsOf(frame, nowMs));
  const stamp = ros === 2 ? { sec, nanosec: nsec } : { secs: sec, nsecs: nsec };
  return { stamp, frame_id: MAP_FRAME };
}
