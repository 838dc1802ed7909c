import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameId } from '../src/domain/frame.js';
import { probeVideo } from '../src/streams/probe.js';
import { openVideo } from '../src/streams/videoFile.js';
import { hasFfmpeg, pinhole, probedTimesS, sharedFile } from './clips.js';

const skip = hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH';

for (const [file, frames] of [
  ['streams/kitti_a_10fps.mp4', 51],
  ['karma_drone/video.mp4', 362],
  ['streams/carnd_solidWhiteRight_960x540_25fps.mp4', 221],
] as const) {
  const path = sharedFile(file);
  test(`every timestamp of ${file}, exactly`, {
    skip: skip || (path ? false : 'no shared data'),
  }, async () => {
    const { widthPx, heightPx } = await probeVideo(path!);
    const seen: FrameId[] = [];
    for await (const frame of openVideo(path!, { camera: pinhole(widthPx, heightPx), maxSidePx: 96 })) {
      seen.push(frame);
      frame.release();
    }
    assert.equal(seen.length, frames);
    assert.deepEqual(
      seen.map((f) => f.timestampS),
      probedTimesS(path!),
    );
    assert.deepEqual(
      seen.map((f) => f.sequence),
      seen.map((_, i) => i),
    );
  });
}
