import { concatMap, type OperatorFunction } from 'rxjs';
import type { Frame } from '../domain/frame.js';
import { type Localizer, type Picture, type Query, startStopwatch } from './localizer.js';
import { extractTurned } from './turnedFeatures.js';

/** Frame in, a picture of our own out: the frame's pixels are copied and released here. */
export function takePicture({ nowMs }: Localizer): OperatorFunction<Frame, Picture> {
  return concatMap(async (frame) => {
    const watch = startStopwatch(nowMs);
    const { camera, pixels, release, ...id } = frame;
    const image = { pixels: pixels.slice(), widthPx: camera.widthPx, heightPx: camera.heightPx };
    release();
    return { frame: id, camera, image, watch };
  });
}

/** The picture as the network sees it turned by so much, with its global descriptor where that is needed. */
export type View = (turnDeg: number, needsGlobal: boolean) => Promise<Query>;

/** Keypoints with descriptors of one picture, each turn through the network once; twice only where the global
 * descriptor, a tenth of its time, turns out to be needed after all. */
export function viewOf(localizer: Localizer, picture: Picture): View {
  const seen = new Map<number, Query>();
  const hasHead = localizer.engine.model.globalDim > 0;
  return async (turnDeg, needsGlobal) => {
    const known = seen.get(turnDeg);
    if (known && (known.features.global !== null || !needsGlobal || !hasHead)) return known;
    const features = await extract(localizer, picture, turnDeg, needsGlobal && hasHead);
    const query = { ...picture, features, turnDeg };
    seen.set(turnDeg, query);
    return query;
  };
}

function extract(localizer: Localizer, picture: Picture, turnDeg: number, global: boolean) {
  const { engine, options } = localizer;
  const settings = { maxKeypoints: options.maxKeypoints, global };
  return picture.watch.timeAsync('extractMs', () =>
    turnDeg === 0
      ? engine.extract(picture.image, settings)
      : extractTurned(engine, picture.image, turnDeg, settings),
  );
}
