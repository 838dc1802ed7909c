import { pathToFileURL } from 'node:url';
import type { StreamWarning } from '../src/domain/outcome.js';
import { createGateway, type Gateway, type GatewayOptions } from '../src/server/gateway.js';
import { FAKE_CAMERA, FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';

export interface FakeServer {
  readonly gateway: Gateway;
  /** Every frame from now on is lost, or found; undefined: as the drive has it. */
  setLost(lost: boolean | undefined): void;
  /** Every frame from now on carries this warning. */
  setWarning(warning: StreamWarning | undefined): void;
  stop(): Promise<void>;
}

/** A gateway fed with a made-up drive, to look at the page and to test it.
 * @param hz frames a second and stream */
export async function startFakeServer(
  hz: number,
  options: Partial<GatewayOptions> = {},
): Promise<FakeServer> {
  const map = fakeMap();
  const ids = ['front', 'rear'];
  const drives = ids.map((id, i) => fakeDrive(map, id, Date.now, i === 0 ? 1.5 : -3));
  const gateway = await createGateway({
    port: 0,
    map,
    model: FAKE_MODEL,
    serverVersion: '0.0.0',
    streams: ids.map((id, i) => ({
      id,
      label: `${id} camera`,
      camera: FAKE_CAMERA,
      ...(i === 0 ? { truth: drives[0].truth } : {}),
    })),
    ...options,
  });
  let n = 0;
  let lost: boolean | undefined;
  let warning: StreamWarning | undefined;
  gateway.publishStatus('front', { kind: 'streaming' });
  gateway.publishStatus('rear', { kind: 'retrying', attempt: 3, inMs: 1500 });
  const timer = setInterval(() => {
    const { outcome, image } = drives[0].frame(n++, lost);
    gateway.publishOutcome('front', outcome.kind === 'dropped' ? outcome : { ...outcome, warning });
    gateway.publishFrame('front', image, outcome);
  }, 1000 / hz);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await gateway.close();
  };
  const setLost = (now: boolean | undefined): void => {
    lost = now;
  };
  const setWarning = (now: StreamWarning | undefined): void => {
    warning = now;
  };
  return { gateway, setLost, setWarning, stop };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { gateway } = await startFakeServer(15, { port: Number(process.argv[2] ?? 8090) });
  process.stdout.write(`${gateway.url}\n`);
}
