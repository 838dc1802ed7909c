import { withOutputs } from '../../src/server/formats/outputs.js';
import { openRecording } from '../../src/server/formats/recording.js';
import { createGateway } from '../../src/server/gateway.js';
import { FAKE_MODEL, fakeDrive, fakeMap } from '../fakeScene.js';
import { until } from './until.js';

/** Records a made-up drive to the file named until there is no room, and goes on serving; prints what it was told, and
 * how many poses a client could have had by then and after. Meant to run under a limit on the size of files. */
const map = fakeMap(1, 2000);
const streams = [{ id: 'front' }];
const told: string[] = [];
const served = { map, model: FAKE_MODEL, streams, serverVersion: '0' };
const recording = await openRecording({
  ...{ ...served, path: process.argv[2], nowMs: Date.now(), imageHz: 0 },
  onFailure: ({ code }) => told.push(code),
});
const gateway = withOutputs(await createGateway({ ...served, port: 0 }), [recording], Date.now);
const drive = fakeDrive(map, 'front', Date.now);
const posed = () => gateway.hello().streams[0].statistics.counters.posed;
let n = 0;
const publish = (): void => gateway.publishOutcome('front', drive.frame(n++, false).outcome);
await until(() => {
  publish();
  return told.length > 0;
}, 'word of the full disk');
const before = posed();
for (let k = 0; k < 20; k++) publish();
process.stdout.write(JSON.stringify({ told, before, after: posed() }));
await gateway.close();
