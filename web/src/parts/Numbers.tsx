import type { ComponentChildren } from 'preact';
import type { FrameLog } from '../model/frameLog.js';
import type { LiveState, StreamLive } from '../model/liveState.js';
import { degrees, length, median, ms, NOTHING, percent, whole } from './format.js';

const MEDIAN_FRAMES = 600;

export interface NumbersProps {
  readonly stream: StreamLive;
  readonly map: NonNullable<LiveState['hello']>['map'];
  readonly frames: FrameLog;
  readonly nowMs: number;
}

/** What the newest frame measured; after a loss the last pose stays, marked as such. */
export function Numbers({ stream, map, frames, nowMs }: NumbersProps) {
  const { last, lastPosed: pose, lastAtMs, statistics } = stream;
  const metric = map.scale === 'metric';
  const ageMs = last?.ageMs == null ? null : last.ageMs + (nowMs - lastAtMs);
  const stale = last?.state !== 'posed';
  return (
    <section class="panel" aria-label="Pose">
      <dl class={`figures ${stale ? 'is-stale' : ''}`}>
        <Figure name={metric ? 'Position, m' : 'Position, map units'} wide>
          {pose ? <Position position={pose.position} /> : NOTHING}
        </Figure>
        {stream.info.hasTruth && (
          <Figure name="Error against the truth" wide>
            {pose?.error ? (
              <>
                <b>{length(pose.error.m, metric)}</b> <b>{degrees(pose.error.deg)}</b>
                <small>median {length(medianError(frames, nowMs), metric)}</small>
              </>
            ) : (
              NOTHING
            )}
          </Figure>
        )}
        {pose?.wgs84 && (
          <Figure name="WGS84" wide>
            {pose.wgs84.latDeg.toFixed(6)}, {pose.wgs84.lonDeg.toFixed(6)}
          </Figure>
        )}
        <Figure name="Inliers">
          {pose ? (
            <>
              {pose.inliers}
              <small> of {pose.matches}</small>
            </>
          ) : (
            NOTHING
          )}
        </Figure>
        <Figure name="Confidence">{percent(pose?.confidence)}</Figure>
        <Figure name="Coverage">{percent(pose?.coverage)}</Figure>
        <Figure name="Reprojection">{pose ? `${pose.reprojectionRmsPx.toFixed(2)} px` : NOTHING}</Figure>
        <Figure name="Pose age">{ms(ageMs)}</Figure>
        <Figure name="Rate">
          {statistics.processedHz > 0 ? `${statistics.processedHz.toFixed(1)} fps` : NOTHING}
        </Figure>
        <Figure name="Frame">{last ? whole(last.sequence) : NOTHING}</Figure>
        <Figure name="Video time">{last ? `${last.timestampS.toFixed(2)} s` : NOTHING}</Figure>
      </dl>
    </section>
  );
}

/** Of the last frames that were found. */
function medianError(frames: FrameLog, atMs: number): number | null {
  const end = frames.indexAt(atMs) + 1;
  const errors: number[] = [];
  for (let i = Math.max(frames.first(), end - MEDIAN_FRAMES); i < end; i++)
    if (!Number.isNaN(frames.errorM(i))) errors.push(frames.errorM(i));
  return median(errors);
}

function Figure({ name, wide, children }: { name: string; wide?: boolean; children: ComponentChildren }) {
  return (
    <div class={wide ? 'figure wide' : 'figure'}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Position({ position }: { position: readonly [number, number, number] }) {
  return (
    <span class="xyz">
      {(['x', 'y', 'z'] as const).map((axis, i) => (
        <span key={axis}>
          <i>{axis}</i>
          {position[i].toFixed(2)}
        </span>
      ))}
    </span>
  );
}
