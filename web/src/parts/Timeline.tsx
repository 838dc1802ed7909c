import { useEffect, useRef, useState } from 'preact/hooks';
import { download } from '../download.js';
import { type ExportFormat, exportFrames } from '../model/exportFile.js';
import { stepFrames, stepTime } from '../model/scrub.js';
import type { Session } from '../model/session.js';
import { badgeOf } from '../model/words.js';
import { createTimeline, type TimelineView } from '../views/timelineView.js';
import { ago, ms, percent } from './format.js';

const SPANS = [
  [60_000, '1 min'],
  [300_000, '5 min'],
  [900_000, '15 min'],
] as const;
const FORMATS: readonly ExportFormat[] = ['tum', 'csv', 'json'];
const HELP = 'Drag, or use the arrow keys, to go back in time.';

/** The last quarter of an hour of the selected stream, to look at and to take away. */
export function Timeline({ session, nowMs }: { session: Session; nowMs: number }) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<TimelineView | null>(null);
  const [hoverMs, setHoverMs] = useState<number | null>(null);
  const [spanMs, setSpanMs] = useState<number>(SPANS[0][0]);
  useEffect(() => {
    if (!host.current) return;
    view.current = createTimeline(host.current, session, setHoverMs);
    return view.current.dispose;
  }, [session]);
  useEffect(() => view.current?.setSpan(spanMs), [spanMs]);
  const cursorMs = session.cursorMs();
  const stream = session.state().selected;

  function save(format: ExportFormat): void {
    if (stream === null || !view.current) return;
    const { frames } = session.logs(stream);
    download(exportFrames(frames, stream, view.current.span(), format, performance.timeOrigin));
  }

  return (
    <section class={`timeline ${cursorMs === null ? '' : 'is-past'}`} aria-label="Timeline">
      <div class="timeline-bar">
        <LiveButton session={session} cursorMs={cursorMs} nowMs={nowMs} />
        <Readout session={session} atMs={hoverMs ?? cursorMs ?? nowMs} nowMs={nowMs} />
        <fieldset class="segments" aria-label="Visible span">
          {SPANS.map(([value, name]) => (
            <button
              key={value}
              type="button"
              aria-pressed={value === spanMs}
              onClick={() => setSpanMs(value)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <fieldset class="segments" aria-label="Save the visible span">
          <span class="segments-name" aria-hidden="true">
            Save
          </span>
          {FORMATS.map((format) => (
            <button
              key={format}
              type="button"
              aria-label={`Save as ${format.toUpperCase()}`}
              title={`Save the visible span as ${format.toUpperCase()}`}
              onClick={() => save(format)}
            >
              {format.toUpperCase()}
            </button>
          ))}
        </fieldset>
      </div>
      <div
        ref={host}
        class="timeline-plot"
        role="slider"
        tabIndex={0}
        title={HELP}
        aria-label={`Moment shown. ${HELP}`}
        aria-valuemin={-900}
        aria-valuemax={0}
        aria-valuenow={cursorMs === null ? 0 : Math.round((cursorMs - nowMs) / 1000)}
        aria-valuetext={cursorMs === null ? 'live' : sentenceAt(session, cursorMs, nowMs)}
        onKeyDown={(event) => onKey(event, session)}
      />
      <ul class="legend timeline-legend" aria-hidden="true">
        <li>
          <span class="line chart-inliers" /> inliers
        </li>
        <li>
          <span class="line chart-confidence" /> confidence, 0–100 %
        </li>
        <li>
          <span class="line chart-age" /> age
        </li>
        <li class="legend-gap">
          <span class="swatch band-pnp" />
          found
        </li>
        <li>
          <span class="swatch band-tracked" />
          tracked
        </li>
        <li>
          <span class="swatch band-coasted" />
          predicted
        </li>
        <li>
          <span class="swatch band-lost" />
          lost
        </li>
      </ul>
    </section>
  );
}

function LiveButton({
  session,
  cursorMs,
  nowMs,
}: {
  session: Session;
  cursorMs: number | null;
  nowMs: number;
}) {
  const isLive = cursorMs === null;
  return (
    <button
      type="button"
      class="live"
      aria-pressed={isLive}
      title="Live, or hold this moment (K)"
      onClick={() => session.scrubTo(isLive ? performance.now() : null)}
    >
      <span class="live-mark" aria-hidden="true" />
      {isLive ? (
        'Live'
      ) : (
        <>
          <span class="live-past">Paused at {ago(nowMs - cursorMs)}</span>
          <b>Go live</b>
        </>
      )}
    </button>
  );
}

/** What was true at the moment under the pointer, else at the one shown. */
function Readout({ session, atMs, nowMs }: { session: Session; atMs: number; nowMs: number }) {
  const { selected } = session.state();
  if (selected === null) return <p class="readout" />;
  const { frames } = session.logs(selected);
  const index = frames.indexAt(atMs);
  if (index < 0) return <p class="readout">No frame yet.</p>;
  const pose = frames.pose(index);
  return (
    <p class="readout">
      <span class="readout-time">
        {new Date(performance.timeOrigin + atMs).toTimeString().slice(0, 8)}
        <small>{nowMs - atMs > 400 ? ago(nowMs - atMs) : 'now'}</small>
      </span>
      <b>{wordAt(session, atMs)}</b>
      {pose.state === 'posed' && (
        <>
          <span class="readout-inliers">{pose.inliers} inliers</span>
          <span>{percent(pose.confidence)}</span>
        </>
      )}
      {pose.ageMs !== null && <span>age {ms(pose.ageMs)}</span>}
    </p>
  );
}

function wordAt(session: Session, atMs: number): string {
  const { selected, streams } = session.shown();
  const stream = selected === null ? undefined : streams.get(selected);
  if (!stream || selected === null) return '';
  const { frames, statuses } = session.logs(selected);
  const index = frames.indexAt(atMs);
  const status = statuses.at(atMs);
  const badge = badgeOf(
    { kind: 'live' },
    {
      ...stream,
      source: status?.source ?? stream.source,
      sourceAtMs: status?.atMs ?? atMs,
      last: index < 0 ? null : frames.pose(index),
      lastAtMs: index < 0 ? 0 : frames.atMs(index),
    },
    atMs,
  );
  return badge.word === 'Lost' ? `Lost: ${badge.detail}` : badge.word;
}

const sentenceAt = (session: Session, atMs: number, nowMs: number): string =>
  `${Math.round((nowMs - atMs) / 1000)} seconds ago. ${wordAt(session, atMs)}`;

function onKey(event: KeyboardEvent, session: Session): void {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const nowMs = performance.now();
  const forward = event.key === 'ArrowRight' || event.key === 'ArrowUp';
  switch (event.key) {
    case 'ArrowLeft':
    case 'ArrowDown':
    case 'ArrowRight':
    case 'ArrowUp':
      if (event.shiftKey) stepTime(session, forward ? 1000 : -1000, nowMs);
      else stepFrames(session, forward ? 1 : -1, nowMs);
      break;
    case 'PageUp':
      stepTime(session, -10_000, nowMs);
      break;
    case 'PageDown':
      stepTime(session, 10_000, nowMs);
      break;
    case 'Home':
      session.scrubTo(0);
      break;
    case 'End':
      session.scrubTo(null);
      break;
    default:
      return;
  }
  event.preventDefault();
}
