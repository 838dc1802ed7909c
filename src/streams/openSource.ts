import type { FrameSource } from './frameSource.js';
import { openRtsp, type RtspOptions } from './rtsp.js';
import { parseSource } from './sourceUrl.js';
import { openVideo, type VideoOptions } from './videoFile.js';

export type SourceOptions = RtspOptions & VideoOptions;

/** The source a person named: `rtsp://` and `rtsps://` a camera, everything else a video file. Folders of images need
 * their times and intrinsics: see `openImages`. Throws E_SOURCE_URL. */
export function openSource(spec: string, options: SourceOptions): FrameSource {
  const address = parseSource(spec);
  return address.kind === 'rtsp' ? openRtsp(address.url, options) : openVideo(address.path, options);
}
