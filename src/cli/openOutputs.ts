import type { PosestreamError } from '../domain/errors.js';
import type { OutputConfig } from '../server/config.js';
import { createMavlinkOutput } from '../server/formats/mavlink.js';
import type { Output } from '../server/formats/outputs.js';
import { openRecording } from '../server/formats/recording.js';
import { createRosbridgeOutput } from '../server/formats/rosbridge.js';
import type { GatewayOptions } from '../server/gateway.js';
import { type Log, toLog } from '../server/log.js';
import { systemClock } from '../streams/clock.js';

type Served = Pick<GatewayOptions, 'map' | 'model' | 'streams' | 'serverVersion'>;

export interface OutputsOptions {
  /** MCAP file. */
  readonly record?: string;
  /** Pictures a second and stream that are recorded; default none. */
  readonly recordImagesHz?: number;
  readonly outputs?: readonly OutputConfig[];
}

/** Everybody but the gateway's clients who hears of every outcome. Throws E_CONFIG where a map does not fit an output,
 * and what opening the recording throws. */
export async function openOutputs(
  { record, recordImagesHz: imageHz = 0, outputs = [] }: OutputsOptions,
  served: Served,
  log: Log,
): Promise<Output[]> {
  const opened = outputs.map((output) => openOutput(output, served, toLog(log, output.kind)));
  if (record === undefined) return opened;
  const onFailure = ({ code, message }: PosestreamError) =>
    log.event('error', 'recording-stopped', `${code} ${message} Recording has stopped.`, { code });
  return [
    ...opened,
    await openRecording({ ...served, path: record, nowMs: systemClock.nowMs(), imageHz, onFailure }),
  ];
}

function openOutput(output: OutputConfig, { map }: Served, warn: (message: string) => void): Output {
  if (output.kind === 'mavlink') return createMavlinkOutput(output, map.header, warn);
  const { topic = `/posestream/${output.stream.replaceAll('-', '_')}/pose` } = output;
  return createRosbridgeOutput({ ...output, topic }, warn);
}
