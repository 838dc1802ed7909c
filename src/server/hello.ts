import type { ModelIdentity } from '../domain/features.js';
import type { Grant } from './scopes.js';
import type { ServedMap } from './servedMap.js';
import type { StreamHub } from './streamHub.js';
import { type HelloMessage, PROTOCOL } from './wire.js';

interface Greeting {
  readonly map: ServedMap;
  readonly model: ModelIdentity;
  readonly serverVersion: string;
  readonly hubs: readonly StreamHub[];
}

/** What this caller may know of it. */
export const readable = (hello: HelloMessage, grant: Grant): HelloMessage => ({
  ...hello,
  streams: hello.streams.filter(({ id }) => grant.mayRead(id)),
});

/** The first message of every socket. */
export function helloOf({ map, model, serverVersion, hubs }: Greeting): HelloMessage {
  const { header, sha256, keyframes, points } = map;
  const { name, version } = model;
  return {
    type: 'hello',
    protocol: PROTOCOL,
    server: { name: 'posestream', version: serverVersion },
    map: {
      name: header.name,
      sha256,
      keyframes: keyframes.count,
      points: points.count,
      scale: header.scale,
      anchor: header.anchor,
    },
    model: { name, version, sha256: model.sha256 },
    streams: hubs.map((hub) => hub.info()),
  };
}
