import { createReadStream } from 'node:fs';
import { McapStreamReader, type McapTypes } from '@mcap/core';
import { PosestreamError } from '../../domain/errors.js';
import { fileError, isFileError } from '../../map/fileError.js';
import type { ServedMap } from '../servedMap.js';
import { type SourceStatus, sourceStatus } from '../wire.js';
import { CHANGES } from './channels.js';
import { decodeOutcome, type RecordedOutcome } from './outcomeJson.js';
import {
  attachmentOf,
  INFO_METADATA,
  MAP_ATTACHMENT,
  mapOfRecording,
  type RecordedChange,
  type RecordingInfo,
  recordedChange,
  recordingInfo,
} from './recordingInfo.js';

/** What happened, in the order it happened. */
export type RecordedEntry =
  | ({ readonly kind: 'outcome'; readonly timeNs: bigint } & RecordedOutcome)
  | {
      readonly kind: 'source';
      readonly timeNs: bigint;
      readonly stream: string;
      readonly status: SourceStatus;
    }
  | { readonly kind: 'change'; readonly timeNs: bigint; readonly change: Change };

/** As recorded, with the map itself. */
export type Change =
  | Exclude<RecordedChange, { kind: 'map' }>
  | { readonly kind: 'map'; readonly map: ServedMap };

export interface OpenRecording {
  readonly info: RecordingInfo;
  readonly map: ServedMap;
  /** To be read once. Ends where the file does, also where that is too early. */
  readonly entries: AsyncIterable<RecordedEntry>;
}

type Record = McapTypes.TypedMcapRecord;

/** Reads a recording of this program from its beginning, whole or cut off.
 * @throws PosestreamError E_FILE_NOT_FOUND, E_FILE_INVALID; `entries` may throw them too */
export async function readRecording(path: string): Promise<OpenRecording> {
  const records = recordsOf(path);
  let info: RecordingInfo | null = null;
  for (;;) {
    const { value, done } = await records.next();
    if (done) throw notOurs(path, 'it ends before its head does');
    if (value.type === 'Metadata' && value.name === INFO_METADATA)
      info = understood(path, () => recordingInfo.parse(JSON.parse(value.metadata.get('info') ?? '')));
    if (value.type === 'Attachment' && value.name === MAP_ATTACHMENT && info) {
      const known = info;
      const map = understood(path, () => mapOfRecording(known, value.data));
      return { info, map, entries: entriesOf(records, path) };
    }
    if (value.type === 'Message') throw notOurs(path, 'it does not say what it is of');
  }
}

async function* entriesOf(records: AsyncIterable<Record>, path: string): AsyncGenerator<RecordedEntry> {
  const topics = new Map<number, string>();
  const geometries = new Map<string, Uint8Array>();
  for await (const record of records) {
    if (record.type === 'Channel') topics.set(record.id, record.topic);
    if (record.type === 'Attachment') geometries.set(record.name, record.data);
    if (record.type !== 'Message') continue;
    const topic = topics.get(record.channelId) ?? '';
    const [, stream, name] = topic.split('/');
    const { logTime: timeNs, data } = record;
    if (topic === CHANGES.topic)
      yield { kind: 'change', timeNs, change: understood(path, () => changeOf(data, geometries)) };
    if (name === 'outcome') yield { kind: 'outcome', timeNs, ...understood(path, () => decodeOutcome(data)) };
    if (name === 'source')
      yield {
        ...{ kind: 'source', timeNs, stream },
        status: understood(path, () => sourceStatus.parse(JSON.parse(Buffer.from(data).toString()))),
      };
  }
}

function changeOf(data: Uint8Array, geometries: ReadonlyMap<string, Uint8Array>): Change {
  const change = recordedChange.parse(JSON.parse(Buffer.from(data).toString()));
  if (change.kind !== 'map') return change;
  const geometry = geometries.get(attachmentOf(change.map.sha256));
  if (geometry === undefined) throw new RangeError('the geometry of a map is missing');
  return { kind: 'map', map: mapOfRecording(change, geometry) };
}

async function* recordsOf(path: string): AsyncGenerator<Record, undefined> {
  const reader = new McapStreamReader();
  try {
    for await (const piece of createReadStream(path)) {
      reader.append(piece as Buffer);
      for (let record = reader.nextRecord(); record; record = reader.nextRecord()) yield record;
    }
  } catch (cause) {
    if (isFileError(cause)) throw fileError(cause, path);
    throw notOurs(path, 'it is damaged or no MCAP file', cause);
  }
}

function understood<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw notOurs(path, 'something in it is not understood', cause);
  }
}

function notOurs(path: string, why: string, cause?: unknown): PosestreamError {
  return new PosestreamError('E_FILE_INVALID', `${path} is no recording of posestream: ${why}.`, {
    hint: 'Record with `posestream serve --record` or `posestream localize --record`.',
    cause,
  });
}
