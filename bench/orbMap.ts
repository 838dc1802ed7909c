import { openMapInput } from '../src/cli/mapInput.js';
import type { Engine, Features, ModelIdentity } from '../src/domain/features.js';
import type { MapModel } from '../src/domain/mapModel.js';
import { buildMap } from '../src/map/build/buildMap.js';
import type { KeyframeInput } from '../src/map/build/options.js';
import type { CourseMap } from './courses.js';
import type { OpenCv } from './opencv.js';
import { type OrbFeatures, orbFeatures } from './orbFeatures.js';

const BITS = 256;
const ORB: ModelIdentity = {
  name: 'ORB',
  version: 'opencv-js',
  sha256: '0'.repeat(64),
  descriptorDim: BITS,
  globalDim: 0,
};

/** A map of ORB points by our own builder, from the very keyframes and poses of ours: the peer gets the better half of
 * its work for free. Bits become unit rows of ±1/16, whose dot product orders as Hamming distance does. */
export async function buildOrbMap(
  cv: OpenCv,
  { path, list }: CourseMap,
  ours: MapModel,
  engine: Engine,
  keypoints: number,
): Promise<MapModel> {
  const input = await openMapInput(path, { list, maxSidePx: ours.header.maxSidePx });
  const wanted = new Set(ours.keyframes.names);
  const orb = new cv.ORB(keypoints);
  const images: KeyframeInput[] = [];
  for await (const frame of input.frames) {
    const [name, worldFromCam] = [input.nameOf(frame), input.poseOf(frame)];
    if (worldFromCam !== null && wanted.has(name)) {
      const { camera, timestampS } = frame;
      const features = asRows(orbFeatures(cv, orb, frame));
      images.push({ name, timeS: timestampS, camera, worldFromCam, features });
    }
    frame.release();
  }
  orb.delete();
  return buildMap({
    images,
    match: (query, ref) => engine.match(query, { kind: 'inline', rows: ref, dim: BITS }),
    options: {
      ...{ name: 'orb', builtWith: 'bench', model: ORB },
      ...{ scale: ours.header.scale, maxSidePx: ours.header.maxSidePx },
    },
  });
}

function asRows({ count, xyPx, descriptors }: OrbFeatures): Features {
  const rows = new Float32Array(BITS * count);
  const unit = 1 / Math.sqrt(BITS);
  for (let i = 0; i < rows.length; i++) rows[i] = descriptors[i >> 3] & (128 >> (i & 7)) ? unit : -unit;
  const scores = Float32Array.from({ length: count }, (_, i) => 1 - i / count);
  return { count, xyPx, scores, descriptors: rows, dim: BITS, global: null };
}
