import { concatMap, type OperatorFunction } from 'rxjs';
import type { Frame } from '../domain/frame.js';
import { type Localizer, type Query, startStopwatch } from './localizer.js';

/** Frame in, keypoints with descriptors and one global descriptor out. The frame's pixels are released here: the
 * engine has its own copy as soon as it is called. One frame at a time, in order. */
export function extractFeatures({ engine, options, nowMs }: Localizer): OperatorFunction<Frame, Query> {
  return concatMap(async (frame) => {
    const watch = startStopwatch(nowMs);
    const { camera, pixels, release, ...id } = frame;
    const image = { pixels, widthPx: camera.widthPx, heightPx: camera.heightPx };
    const features = await watch.timeAsync('extractMs', () => {
      try {
        return engine.extract(image, { maxKeypoints: options.maxKeypoints });
      } finally {
        release();
      }
    });
    return { frame: id, camera, features, watch };
  });
}
