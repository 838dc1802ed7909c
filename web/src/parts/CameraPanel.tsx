import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Connection } from '../connection.js';
import { createPictureLog, type PictureLog } from '../model/pictureLog.js';
import { type Picture, watchPictures } from '../pictures.js';
import { paintPicture } from '../views/pictureView.js';
import { ago } from './format.js';

export interface CameraPanelProps {
  readonly connection: Connection;
  readonly stream: string;
  /** The moment of the past that is shown; null while live. */
  readonly cursorMs: number | null;
  readonly nowMs: number;
}

/** The camera picture with the points that made its pose: live, or the one kept nearest to the moment shown. Watches
 * only while the page is on the screen. */
export function CameraPanel({ connection, stream, cursorMs, nowMs }: CameraPanelProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const withPoints = useRef(true);
  const log = useRef(createPictureLog<Picture>());
  const live = useLivePicture(connection, stream, canvas, log.current, withPoints, cursorMs !== null);
  const past = cursorMs === null ? null : log.current.at(cursorMs);
  const shown = cursorMs === null ? live : (past?.picture ?? null);
  useEffect(() => {
    if (past && canvas.current) void paintPicture(canvas.current, past.picture, withPoints.current);
  }, [past]);
  const counts = shown && { inliers: shown.inlierXyPx.length / 2, rejected: shown.outlierXyPx.length / 2 };
  return (
    <section class="panel camera" aria-labelledby="camera-title">
      <h2 id="camera-title">
        Camera
        <label class="check">
          <input
            type="checkbox"
            defaultChecked
            onChange={(event) => {
              withPoints.current = event.currentTarget.checked;
              if (past && canvas.current) void paintPicture(canvas.current, past.picture, withPoints.current);
            }}
          />
          points
        </label>
      </h2>
      <div class={`picture ${counts ? '' : 'is-empty'}`}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={counts ? `Camera picture, ${counts.inliers} inliers` : 'No picture'}
        />
        {past && <p class="picture-note">Picture of {ago(nowMs - past.atMs)}; one in two seconds is kept</p>}
        {!counts && (
          <p class="empty">
            {cursorMs === null
              ? 'No picture yet. It comes with the next frame.'
              : 'No picture was kept of this moment.'}
          </p>
        )}
      </div>
      <ul class="legend">
        <li>
          <span class="swatch dot-inlier" aria-hidden="true" />
          inliers <b>{counts?.inliers ?? '–'}</b>
        </li>
        <li>
          <span class="swatch dot-outlier" aria-hidden="true" />
          rejected <b>{counts?.rejected ?? '–'}</b>
        </li>
      </ul>
    </section>
  );
}

/** The newest picture, painted as it comes unless the past is shown; some of them are kept. */
function useLivePicture(
  connection: Connection,
  stream: string,
  canvas: RefObject<HTMLCanvasElement>,
  log: PictureLog<Picture>,
  withPoints: RefObject<boolean>,
  isPast: boolean,
): Picture | null {
  const [live, setLive] = useState<Picture | null>(null);
  const held = useRef(isPast);
  held.current = isPast;
  const visible = usePageVisible();
  useEffect(() => {
    if (!visible) return;
    return watchPictures(connection, stream, async (picture) => {
      if (picture) log.offer(picture, performance.now());
      if (picture && canvas.current && !held.current)
        await paintPicture(canvas.current, picture, withPoints.current === true);
      setLive(picture);
    });
  }, [connection, stream, visible, canvas, log, withPoints]);
  return live;
}

function usePageVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const listen = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', listen);
    return () => document.removeEventListener('visibilitychange', listen);
  }, []);
  return visible;
}
