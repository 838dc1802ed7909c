import { createSocket } from 'node:dgram';
import { PosestreamError } from '../../domain/errors.js';
import type { MapHeader } from '../../domain/mapModel.js';
import type { Posed } from '../../domain/outcome.js';
import { isFix } from '../../tracking/isFix.js';
import { mavlinkPacket } from './mavlinkFrame.js';
import {
  axesOf,
  type LocalFrame,
  type MapUp,
  mavlinkPoseOf,
  ODOMETRY,
  odometryPayload,
  VISION_POSITION_ESTIMATE,
  visionPayload,
} from './mavlinkPose.js';
import type { Output } from './outputs.js';

type Metric = Pick<MapHeader, 'scale' | 'anchor'>;

export interface MavlinkOptions {
  readonly host: string;
  readonly port: number;
  readonly stream: string;
  readonly message: 'odometry' | 'vision';
  /** Default: ned where the map is anchored, else frd. */
  readonly frame?: LocalFrame;
  readonly up: MapUp;
  readonly systemId: number;
  readonly componentId: number;
}

/** Sends every fix of a stream to a flight controller, once and at once. A pose that is only predicted is not sent, and
 * none is sent twice: a controller must see it when the camera does not know. While a map is swapped in that has not what
 * is needed, nothing is sent.
 * @throws PosestreamError E_CONFIG where the map has no metres, or no north for `ned` */
export function createMavlinkOutput(
  options: MavlinkOptions,
  header: Metric,
  onWarning: (message: string) => void,
): Output {
  const frame = options.frame ?? (header.anchor ? 'ned' : 'frd');
  const misfit = misfitOf(header, frame);
  if (misfit) throw misfit;
  const socket = createSocket(options.host.includes(':') ? 'udp6' : 'udp4').unref();
  let warned = false;
  const warn = (error: Error | null): void => {
    if (error && !warned) onWarning(`MAVLink to ${options.host}:${options.port}: ${error.message}`);
    warned ||= error !== null;
  };
  socket.on('error', warn);
  let axes: ReturnType<typeof axesOf> | null = axesOf(header.anchor !== null, options.up);
  const resets = createResetCounter();
  let sequence = 0;

  return {
    outcome(outcome) {
      if (outcome.frame.stream !== options.stream || !isFix(outcome) || axes === null) return;
      const pose = mavlinkPoseOf(outcome, frame, axes, resets(outcome));
      const sender = { ...options, sequence: sequence++ };
      const packet =
        options.message === 'odometry'
          ? mavlinkPacket(ODOMETRY, odometryPayload(pose), sender)
          : mavlinkPacket(VISION_POSITION_ESTIMATE, visionPayload(pose), sender);
      socket.send(packet, options.port, options.host, warn);
    },
    source: () => undefined,
    mapChanged({ header }) {
      const misfit = misfitOf(header, frame);
      axes = misfit ? null : axesOf(header.anchor !== null, options.up);
      if (misfit) onWarning(`${misfit.message} Nothing is sent in this map.`);
    },
    close: () => new Promise((resolve) => socket.close(() => resolve(undefined))),
  };
}

/** Counts what breaks the path: a reset of the track, and a source that started anew. */
function createResetCounter(): (outcome: Posed) => number {
  let count = 0;
  let last: string | null = null;
  return ({ frame, resetCounter }) => {
    const now = `${frame.epoch}.${resetCounter}`;
    if (last !== null && last !== now) count++;
    last = now;
    return count;
  };
}

function misfitOf({ scale, anchor }: Metric, frame: LocalFrame): PosestreamError | null {
  if (scale !== 'metric') return wrongMap('metres', 'Its map is not metric: build it from metric poses.');
  return frame === 'ned' && !anchor ? wrongMap('north', 'Anchor the map, or choose frame: frd.') : null;
}

function wrongMap(what: string, hint: string): PosestreamError {
  return new PosestreamError('E_CONFIG', `A MAVLink output needs ${what}.`, { hint });
}
