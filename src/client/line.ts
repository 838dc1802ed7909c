import { watchSilence } from './silence.js';

/** Where the connection stands. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** It is tried again after `inMs`. */
  | { readonly kind: 'down'; readonly inMs: number; readonly why: string };

/** One connection after another to the same address, until it is closed. */
export interface Line {
  /** Nothing is kept for later: what cannot be said now is not said. */
  readonly send: (text: string) => void;
  /** What came is understood: the next failure is tried again soon, not late. */
  readonly isGood: () => void;
  readonly close: () => void;
}

export interface LineOptions {
  /** Rejects with `Refused` where trying again is of no use. */
  readonly address: () => Promise<URL>;
  /** A line on which nothing comes for so long is dead, whatever the socket believes. */
  readonly silenceMs: number;
  readonly onConnecting: () => void;
  /** False for what is not understood: the connection is given up. */
  readonly onData: (data: unknown) => boolean;
  readonly onDown: (inMs: number, why: string) => void;
  readonly onRefused: (error: Refused) => void;
}

/** The server does not want us; asking again changes nothing. */
export class Refused extends Error {}

export function keepLine(options: LineOptions): Line {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let isClosed = false;
  let stopWatching = (): void => undefined;

  const again = (why: string): void => {
    if (isClosed) return;
    socket = null;
    const inMs = backoffMs(attempt++, Math.random());
    options.onDown(inMs, why);
    timer = setTimeout(open, inMs);
  };

  const open = async (): Promise<void> => {
    options.onConnecting();
    try {
      const url = await options.address();
      const Socket = globalThis.WebSocket ?? (await nodeSocket());
      if (!isClosed) listen(new Socket(url));
    } catch (error) {
      if (error instanceof Refused) options.onRefused(error);
      else again(String(error));
    }
  };

  /** A socket that was given up may still close or even speak, minutes later. */
  const listen = (opened: WebSocket): void => {
    const giveUp = (why: string): void => {
      silence.stop();
      if (socket === opened) again(why);
    };
    const silence = watchSilence(options.silenceMs, () => {
      giveUp(`nothing heard for ${options.silenceMs / 1000} s`);
      hangUp(opened);
    });
    socket = opened;
    stopWatching = silence.stop;
    opened.binaryType = 'arraybuffer';
    opened.onmessage = ({ data }) => {
      silence.heard();
      if (socket !== opened || options.onData(data)) return;
      giveUp('what came is no message of a pose server');
      hangUp(opened);
    };
    opened.onerror = () => undefined;
    opened.onclose = ({ code, reason }) => giveUp(reason || `closed with ${code}`);
  };

  void open();
  return {
    send: (text) => {
      if (socket?.readyState === 1) socket.send(text);
    },
    isGood: () => {
      attempt = 0;
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      stopWatching();
      socket?.close();
    },
  };
}

/** A closing handshake needs a peer that answers: `ws` can do without, browsers give up by themselves. */
function hangUp(socket: WebSocket & { readonly terminate?: () => void }): void {
  if (socket.terminate) socket.terminate();
  else socket.close();
}

/** Node has a WebSocket of its own from version 22 on. */
async function nodeSocket(): Promise<typeof WebSocket> {
  const { WebSocket: NodeSocket } = await import('ws');
  return NodeSocket as unknown as typeof WebSocket;
}

/** 0.25 s doubling to 5 s, spread by up to a half. */
const backoffMs = (attempt: number, chance: number): number =>
  Math.min(5000, 250 * 2 ** Math.min(attempt, 8)) * (1 - 0.5 * chance);
