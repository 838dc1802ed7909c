import { liveInput } from '../../src/streams/liveKinds.js';
import { openLive } from '../../src/streams/liveSource.js';
import { type LiveAddress, parseSource } from '../../src/streams/sourceUrl.js';
import { pinhole } from '../clips.js';

/** Waits on a port for an encoder that never comes, and says which process waits. */
const address = parseSource(`rtmp://127.0.0.1:${process.argv[2]}/live/none?mode=listener`) as LiveAddress;
const options = {
  camera: pinhole(320, 180),
  maxSidePx: 320,
  onStart: (pid: number) => process.stdout.write(`${pid}\n`),
};
for await (const frame of openLive(liveInput(address), options)) frame.release();
