import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PosestreamError } from '../domain/errors.js';

/** Throws E_PORT_IN_USE, or E_CONFIG for an address or a port that cannot be listened on. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)));
    server.listen(port, host, resolve);
  });
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): PosestreamError {
  if (cause.code === 'EADDRINUSE')
    return new PosestreamError('E_PORT_IN_USE', `Port ${port} on ${host} is taken.`, {
      hint: 'Choose another with --port, or 0 for any free one.',
      cause,
    });
  return new PosestreamError(
    'E_CONFIG',
    `Cannot listen on ${host}:${port} (${cause.code ?? cause.message}).`,
    {
      hint: 'Use an address of this machine and a port above 1023.',
      cause,
    },
  );
}

export function publicWithoutToken(host: string): PosestreamError {
  return new PosestreamError(
    'E_CONFIG',
    `Listening on ${host} opens the server to others and needs a token.`,
    {
      hint: 'Set listen.token, or listen on 127.0.0.1.',
    },
  );
}

/** Address of the page, with a trailing slash. */
export function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}
