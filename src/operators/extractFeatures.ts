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

/** The picture as the network sees it turned by so much. */
export type View = (turnDeg: number) => Promise<Query>;

/** Keypoints with descriptors of one picture, each turn through the network once. */
export function viewOf(localizer: Localizer, picture: Picture): View {
  const seen = new Map<number, Query>();
  return async (turnDeg) => {
    const known = seen.get(turnDeg);
    if (known !== undefined) return known;
    const query = { ...picture, features: await extract(localizer, picture, turnDeg), turnDeg };
    seen.set(turnDeg, query);
    return query;
  };
}

function extract({ engine, options }: Localizer, picture: Picture, turnDeg: number) {
  const settings = { maxKeypoints: options.maxKeypoints };
  return picture.watch.timeAsync('extractMs', () =>
    turnDeg === 0
      ? engine.extract(picture.image, settings)
      : extractTurned(engine, picture.image, turnDeg, settings),
  );
}
