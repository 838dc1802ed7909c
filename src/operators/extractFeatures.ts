import { concatMap, type OperatorFunction } from 'rxjs';
import type { Frame } from '../domain/frame.js';
import { type Localizer, type Query, startStopwatch } from './localizer.js';

/** Frame in, keypoints with descriptors and one global descriptor out. The frame's pixels are copied and
 * released here. One frame at a time, in order. */
export function extractFeatures({ engine, options, nowMs }: Localizer): OperatorFunction<Frame, Query> {
  return concatMap(async (frame) => {
    const watch = startStopwatch(nowMs);
    const { camera, pixels, release, ...id } = frame;
    const image = { pixels: pixels.slice(), widthPx: camera.widthPx, heightPx: camera.heightPx };
    release();
    const features = await watch.timeAsync('extractMs', () =>
      engine.extract(image, { maxKeypoints: options.maxKeypoints }),
    );
    return { frame: id, camera, features, image, turnDeg: 0, watch };
  });
}
