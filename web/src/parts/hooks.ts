import { useEffect, useState } from 'preact/hooks';
import type { LiveState } from '../model/liveState.js';
import type { Session } from '../model/session.js';
import { createRedraw } from '../views/redraw.js';

const REFRESH_HZ = 8;

/** The session's state, at most eight times a second, and the page's clock: ages grow without messages. */
export function useLive(session: Session): { state: LiveState; nowMs: number } {
  const [, setTick] = useState(0);
  useEffect(() => {
    const redraw = createRedraw(() => {
      setTick((tick) => tick + 1);
      redraw.request();
    }, REFRESH_HZ);
    redraw.request();
    return redraw.stop;
  }, []);
  return { state: session.state(), nowMs: performance.now() };
}
