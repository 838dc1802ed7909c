import type { Session } from './session.js';

/** Frames forth or back from the moment shown, in the selected stream; past the newest it goes live. */
export function stepFrames(session: Session, count: number, nowMs: number): void {
  const { selected } = session.state();
  if (selected === null) return;
  const { frames } = session.logs(selected);
  const cursorMs = session.cursorMs();
  if (cursorMs === null && count > 0) return;
  const index = frames.indexAt(cursorMs ?? nowMs) + count;
  if (index >= frames.end()) session.scrubTo(null);
  else if (frames.end() > 0) session.scrubTo(frames.atMs(Math.max(frames.first(), index)));
}

export function stepTime(session: Session, byMs: number, nowMs: number): void {
  const cursorMs = session.cursorMs();
  if (cursorMs === null && byMs > 0) return;
  const atMs = (cursorMs ?? nowMs) + byMs;
  session.scrubTo(atMs >= nowMs ? null : atMs);
}

/** Holds the picture still, or goes on. */
export function toggleLive(session: Session, nowMs: number): void {
  session.scrubTo(session.cursorMs() === null ? nowMs : null);
}
