import { useEffect, useState } from 'preact/hooks';
import type { LiveState } from '../model/liveState.js';
import type { Session } from '../model/session.js';
import { createRedraw } from '../views/redraw.js';

const REFRESH_HZ = 8;

export interface Live {
  /** As the server says it is now. */
  readonly state: LiveState;
  /** As the page shows it: now, or at a moment of the past. */
  readonly shown: LiveState;
  readonly nowMs: number;
  /** The moment shown. */
  readonly atMs: number;
}

/** The session's state, at most eight times a second, and the page's clock: ages grow without messages. */
export function useLive(session: Session): Live {
  const [, setTick] = useState(0);
  useEffect(() => {
    const redraw = createRedraw(() => {
      setTick((tick) => tick + 1);
      redraw.request();
    }, REFRESH_HZ);
    redraw.request();
    return redraw.stop;
  }, []);
  const nowMs = performance.now();
  return { state: session.state(), shown: session.shown(), nowMs, atMs: session.cursorMs() ?? nowMs };
}
