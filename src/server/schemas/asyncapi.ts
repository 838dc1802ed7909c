import type { z } from 'zod';
import {
  ackMessage,
  aliveMessage,
  errorMessage,
  helloMessage,
  PROTOCOL,
  poseMessage,
  statusMessage,
  subscribeMessage,
  viewHeader,
} from '../wire.js';
import { type Json, namedSchemas, once } from './named.js';

const NAMED: Readonly<Record<string, z.ZodType>> = {
  Hello: helloMessage,
  Pose: poseMessage,
  Status: statusMessage,
  Error: errorMessage,
  Alive: aliveMessage,
  Subscribe: subscribeMessage,
  Ack: ackMessage,
  ViewHeader: viewHeader,
};

const SUMMARY: Readonly<Record<string, string>> = {
  Hello: 'First on every socket, and again whenever the map, the network or the list of streams changes.',
  Pose: 'A frame that was worked on: posed, or lost and why.',
  Status: 'What a source does, and its statistics.',
  Error: 'A message was not understood; unless it only named an unknown stream, the socket closes.',
  Alive: 'Once a second where nothing else is said: whoever hears nothing for five has lost the server.',
  Subscribe: 'Narrows what this socket receives.',
  Ack: 'Everything of this stream up to this message has been handled.',
};

const FROM_SERVER = ['Hello', 'Pose', 'Status', 'Error', 'Alive'] as const;
const FROM_CLIENT = ['Subscribe', 'Ack'] as const;

/** AsyncAPI 3 of the sockets, from the schemas that check the messages. */
export const asyncApiDocument = once(
  (): Json => ({
    asyncapi: '3.0.0',
    info: {
      title: 'posestream',
      version: String(PROTOCOL),
      description:
        'Poses over WebSocket. Foxglove has its own protocol at /foxglove; streams and maps are changed over REST: see openapi.json.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { local: { host: '127.0.0.1:8080', protocol: 'ws', security: SECURITY } },
    channels: channels(),
    operations: operations(),
    components: {
      securitySchemes: { token: TOKEN, ticket: TICKET },
      messages: messages(),
      schemas: namedSchemas(NAMED, '#/components/schemas/'),
    },
  }),
);

const SECURITY = [
  { $ref: '#/components/securitySchemes/token' },
  { $ref: '#/components/securitySchemes/ticket' },
];
const TOKEN = {
  ...{ type: 'http', scheme: 'bearer' },
  description:
    'Where listen.token or listen.tokens is set: what the token may read is what is listed and sent.',
};
const TICKET = {
  ...{ type: 'httpApiKey', in: 'query', name: 'ticket' },
  description: 'For browsers: from POST /api/ticket, good for one connection within 30 s.',
};

const refs = (names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));

function channels(): Json {
  return {
    poses: {
      address: '/poses',
      description: 'Poses and states of streams, one JSON message each.',
      messages: refs([...FROM_SERVER, ...FROM_CLIENT]),
    },
    view: {
      address: '/view',
      description: 'Camera pictures of one stream with the matches of their frame, while somebody watches.',
      messages: refs(['View', 'Ack']),
      bindings: { ws: { query: streamQuery(), bindingVersion: '0.1.0' } },
    },
    ingest: {
      address: '/ingest/{stream}',
      description: 'Video in: WebM, MPEG-TS or fragmented MP4 in binary messages of at most 2 MiB.',
      parameters: { stream: { description: 'A stream whose source is push:.' } },
      messages: refs(['Video']),
    },
  };
}

const streamQuery = (): Json => ({
  type: 'object',
  properties: { stream: { type: 'string', description: 'Default: the first that may be read.' } },
});

function operations(): Json {
  const operation = (action: string, channel: string, names: readonly string[], summary: string): Json => ({
    ...{ action, channel: { $ref: `#/channels/${channel}` }, summary },
    messages: names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
  });
  return {
    sendPoses: operation('send', 'poses', FROM_SERVER, 'The server tells.'),
    takeWishes: operation('receive', 'poses', FROM_CLIENT, 'A client may narrow and acknowledge.'),
    sendPictures: operation('send', 'view', ['View'], 'The server sends pictures.'),
    takePictureAcks: operation('receive', 'view', ['Ack'], 'A client may acknowledge.'),
    takeVideo: operation('receive', 'ingest', ['Video'], 'A client sends video.'),
  };
}

function messages(): Json {
  const text = [...FROM_SERVER, ...FROM_CLIENT].map((name) => [
    name,
    { summary: SUMMARY[name], payload: { $ref: `#/components/schemas/${name}` } },
  ]);
  return {
    ...Object.fromEntries(text),
    View: {
      contentType: 'application/octet-stream',
      summary:
        'Packed, little-endian: u32 magic PSB1, u32 header bytes, u32 section count, u32 bytes of each section, header (JSON, ViewHeader), sections: inlier xy, outlier xy (float32 pixels), JPEG; header and sections padded to 4 bytes.',
      payload: { $ref: '#/components/schemas/ViewHeader' },
    },
    Video: { contentType: 'application/octet-stream', payload: { type: 'string', format: 'binary' } },
  };
}
