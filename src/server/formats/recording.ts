import { type FileHandle, open } from 'node:fs/promises';
import { McapWriter } from '@mcap/core';
import { PosestreamError } from '../../domain/errors.js';
import type { ModelIdentity } from '../../domain/features.js';
import type { FrameId } from '../../domain/frame.js';
import type { WorldFromCam } from '../../domain/rigid.js';
import { fileError } from '../../map/fileError.js';
import { encodeMapGeometry } from '../mapGeometry.js';
import type { ServedMap } from '../servedMap.js';
import { encodeJpeg } from '../viewChannel.js';
import { CHANGES, type Channel, jsonBytes, nsOfMs, type StreamChannel, streamChannel } from './channels.js';
import { logOfStatus, stampMsOf } from './foxgloveMessages.js';
import { encodeOutcome } from './outcomeJson.js';
import type { Output } from './outputs.js';
import {
  attachmentOf,
  INFO_METADATA,
  infoOf,
  MAP_ATTACHMENT,
  mapInfoOf,
  type RecordedChange,
  type RecordedStream,
  streamInfoOf,
} from './recordingInfo.js';
import {
  calibrationChannel,
  type Message,
  mapChannel,
  messagesOfOutcome,
  messagesOfPicture,
  type StillChannel,
} from './streamMessages.js';

/** A crash loses at most what has not filled a chunk. */
const CHUNK_BYTES = 64 * 1024;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** An MCAP file that is being written. Calls never wait and never throw: a disk that fails ends the recording alone. */
export interface Recording extends Required<Output> {
  /** Writes the index. Resolves with what went wrong, null where nothing did. */
  close(): Promise<PosestreamError | null>;
}

export interface RecordingOptions {
  readonly path: string;
  readonly map: ServedMap;
  readonly model: ModelIdentity;
  readonly streams: readonly (RecordedStream & {
    readonly truth?: (frame: FrameId) => WorldFromCam | null;
  })[];
  readonly serverVersion: string;
  /** Pictures a second and stream, by the capture times; 0 keeps none. */
  readonly imageHz: number;
  /** When it starts, on the clock of the messages; ms. */
  readonly nowMs: number;
  /** Told once, when the recording ends early. */
  readonly onFailure: (error: PosestreamError) => void;
}

/** Opens the file; its head (map, network, cameras) is written before the first message.
 * @throws PosestreamError E_FILE_NOT_FOUND, E_FILE_INVALID where it cannot be opened */
export async function openRecording(options: RecordingOptions): Promise<Recording> {
  const { path, streams } = options;
  const file = await open(path, 'w').catch((cause: unknown) => {
    throw fileError(cause, path);
  });
  const mcap = writerTo(file);
  const lastPictureMs = new Map<string, number>();
  const encoding = new Set<string>();
  const truths = new Map(streams.map(({ id, truth }) => [id, truth]));
  const channelIds = new Map<string, number>();
  let chain: Promise<void> = Promise.resolve();
  let failure: PosestreamError | null = null;
  let waitingBytes = 0;
  let pictures: Promise<unknown> = Promise.resolve();
  let lastNs = 0n;

  /** One write after the other, as the writer demands; nothing after a failure. */
  function enqueue(bytes: number, write: () => Promise<void>): void {
    if (failure === null && waitingBytes > MAX_WAITING_BYTES)
      fail(
        new PosestreamError('E_CAPACITY', `${path} is written too slowly: 64 MiB are waiting.`, {
          hint: 'Record to a faster disk.',
        }),
      );
    if (failure !== null) return;
    waitingBytes += bytes;
    chain = chain.then(async () => {
      waitingBytes -= bytes;
      if (failure === null) await write().catch(fail);
    });
  }

  function fail(cause: unknown): void {
    if (failure !== null) return;
    failure = cause instanceof PosestreamError ? cause : fileError(cause, path);
    options.onFailure(failure);
  }

  function message(channel: Channel, data: Uint8Array, nowMs: number, stampMs: number): void {
    // Strictly growing, so that a reader that sorts by time keeps the order of events.
    const logTime = nsOfMs(nowMs) > lastNs ? nsOfMs(nowMs) : lastNs + 1n;
    lastNs = logTime;
    enqueue(data.byteLength, async () => {
      const channelId = channelIds.get(channel.topic) ?? (await register(channel));
      await mcap.addMessage({ channelId, sequence: 0, logTime, publishTime: nsOfMs(stampMs), data });
    });
  }

  async function register({ topic, schemaName, schema }: Channel): Promise<number> {
    const schemaId = await mcap.registerSchema({
      ...{ name: schemaName, encoding: 'jsonschema', data: Buffer.from(schema) },
    });
    const id = await mcap.registerChannel({
      ...{ topic, schemaId, messageEncoding: 'json', metadata: new Map<string, string>() },
    });
    channelIds.set(topic, id);
    return id;
  }

  const say = (stream: string, name: StreamChannel, value: object, nowMs: number, stampMs = nowMs): void =>
    message(streamChannel(stream, name), jsonBytes(value), nowMs, stampMs);

  function sayAll(stream: string, messages: readonly Message[], nowMs: number, stampMs: number): void {
    for (const [name, make] of messages) {
      const value = make();
      if (value) say(stream, name, value, nowMs, stampMs);
    }
  }

  const still = ({ channel, make }: StillChannel, nowMs: number): void =>
    message(channel, jsonBytes(make(nowMs)), nowMs, nowMs);

  const changed = (change: RecordedChange, nowMs: number): void =>
    message(CHANGES, jsonBytes(change), nowMs, nowMs);

  enqueue(0, () => writeHead(mcap, options));
  still(mapChannel(options.map), options.nowMs);
  for (const { id, camera } of streams) if (camera) still(calibrationChannel(id, camera), options.nowMs);

  return {
    outcome(outcome, nowMs) {
      const { frame } = outcome;
      const { stream } = frame;
      const stampMs = stampMsOf(frame, nowMs);
      const truth = truths.get(stream)?.(frame) ?? null;
      message(streamChannel(stream, 'outcome'), encodeOutcome({ outcome, truth }), nowMs, stampMs);
      sayAll(stream, messagesOfOutcome(outcome, stampMs), nowMs, stampMs);
    },
    source(stream, status, nowMs) {
      say(stream, 'source', status, nowMs);
      say(stream, 'log', logOfStatus(stream, status, nowMs), nowMs);
    },
    wantsFrame: (stream) => options.imageHz > 0 && failure === null && !encoding.has(stream),
    frame(image, outcome, nowMs) {
      const { frame } = outcome;
      const { stream } = frame;
      const sinceMs = frame.captureMs - (lastPictureMs.get(stream) ?? Number.NEGATIVE_INFINITY);
      // Frames come at their own beat: a tenth early is in time. A time line that jumped back starts anew.
      const isDue = sinceMs < 0 || sinceMs >= 900 / options.imageHz;
      if (options.imageHz === 0 || failure !== null || encoding.has(stream) || !isDue) return;
      lastPictureMs.set(stream, frame.captureMs);
      encoding.add(stream);
      const stampMs = stampMsOf(frame, nowMs);
      const encoded = encodeJpeg(image)
        .then((jpeg) => sayAll(stream, messagesOfPicture(outcome, jpeg, stampMs), nowMs, stampMs))
        .catch(fail)
        .finally(() => encoding.delete(stream));
      pictures = Promise.all([pictures, encoded]);
    },
    streamAdded(stream, nowMs) {
      truths.set(stream.id, stream.truth);
      changed({ kind: 'stream', stream: streamInfoOf(stream) }, nowMs);
      if (stream.camera) still(calibrationChannel(stream.id, stream.camera), nowMs);
    },
    streamRemoved(id, nowMs) {
      truths.delete(id);
      changed({ kind: 'streamGone', id }, nowMs);
    },
    mapChanged(map, nowMs) {
      enqueue(0, () => attachMap(mcap, attachmentOf(map.sha256), map, nowMs));
      changed({ kind: 'map', map: mapInfoOf(map) }, nowMs);
      still(mapChannel(map), nowMs);
    },
    async close() {
      await pictures;
      enqueue(0, () => mcap.end());
      await chain;
      await file.close().catch(fail);
      return failure;
    },
  };
}

function writerTo(file: FileHandle): McapWriter {
  let position = 0n;
  const write = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.byteLength; ) {
      const { bytesWritten } = await file.write(bytes, at);
      at += bytesWritten;
    }
    position += BigInt(bytes.byteLength);
  };
  return new McapWriter({ writable: { write, position: () => position }, chunkSize: CHUNK_BYTES });
}

async function writeHead(mcap: McapWriter, options: RecordingOptions): Promise<void> {
  const { map, model, streams, serverVersion, nowMs } = options;
  await mcap.start({ profile: '', library: `posestream ${serverVersion}` });
  await mcap.addMetadata({
    ...{ name: INFO_METADATA, metadata: new Map([['info', JSON.stringify(infoOf(map, model, streams))]]) },
  });
  await attachMap(mcap, MAP_ATTACHMENT, map, nowMs);
}

async function attachMap(mcap: McapWriter, name: string, map: ServedMap, nowMs: number): Promise<void> {
  await mcap.addAttachment({
    ...{ name, mediaType: 'application/octet-stream', data: encodeMapGeometry(map) },
    ...{ logTime: nsOfMs(nowMs), createTime: nsOfMs(nowMs) },
  });
}
