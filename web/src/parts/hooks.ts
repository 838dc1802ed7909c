import { useEffect, useState } from 'preact/hooks';
import type { LiveState } from '../model/liveState.js';
import type { Session } from '../model/session.js';

const REFRESH_MS = 125;

/** The session's state, at most eight times a second, and the page's clock: ages grow without messages. */
export function useLive(session: Session): { state: LiveState; nowMs: number } {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setTick((tick) => tick + 1);
    }, REFRESH_MS);
    const seen = (): void => setTick((tick) => tick + 1);
    document.addEventListener('visibilitychange', seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, []);
  return { state: session.state(), nowMs: performance.now() };
}
