import { useEffect, useRef, useState } from 'preact/hooks';
import type { Connection } from '../connection.js';
import { watchPictures } from '../pictures.js';
import { paintPicture } from '../views/pictureView.js';

interface Counts {
  readonly inliers: number;
  readonly rejected: number;
}

/** The camera picture with the points that made its pose. Watches only while it is on the screen. */
export function CameraPanel({
  connection,
  stream,
  isPast,
}: {
  connection: Connection;
  stream: string;
  isPast: boolean;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const withPoints = useRef(true);
  const [counts, setCounts] = useState<Counts | null>(null);
  const visible = usePageVisible();
  useEffect(() => {
    if (!visible) return;
    return watchPictures(connection, stream, (picture) => {
      if (picture && canvas.current) paintPicture(canvas.current, picture, withPoints.current);
      setCounts(
        picture && { inliers: picture.inlierXyPx.length / 2, rejected: picture.outlierXyPx.length / 2 },
      );
    });
  }, [connection, stream, visible]);
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
        {isPast && <p class="picture-note">This picture is live; pictures are not kept.</p>}
        {!counts && <p class="empty">No picture yet. It comes with the next frame.</p>}
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

function usePageVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const listen = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', listen);
    return () => document.removeEventListener('visibilitychange', listen);
  }, []);
  return visible;
}
