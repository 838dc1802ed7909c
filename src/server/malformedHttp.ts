import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
const BODY = JSON.stringify({
  error: { code: 'E_PROTOCOL', message: 'This is not HTTP that is understood here.' },
});
const HEADERS = `Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(BODY)}`;

/** Answers what is no HTTP request with a code of ours, and lets the connection go. */
export function answerMalformed(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = STATUS[error.code ?? ''] ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\n${HEADERS}\r\n\r\n${BODY}`, () => socket.destroy());
  });
}
