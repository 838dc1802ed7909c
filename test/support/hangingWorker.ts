/** The worker process, but from SIGUSR2 on its network answers no more, as where a native call hangs. */
import { openLiveLocalizer } from '../../src/cli/liveLocalizer.js';
import { openBoth } from '../../src/cli/openLocalizer.js';
import { openSource } from '../../src/cli/openSource.js';
import { answerOrders } from '../../src/server/busProcess.js';
import { startWorker, type WorkerTools } from '../../src/server/worker.js';

/** The network here takes some 20 ms for a picture, on a busy machine ten times that. */
const LONGEST_ANSWER_MS = 1500;

let hangs = false;
process.on('SIGUSR2', () => {
  hangs = true;
});

/** A thread in a native call keeps its process from ending by itself: so does the timer. */
const never = (): Promise<never> => new Promise(() => void setInterval(() => undefined, 60_000));

const open: typeof openBoth = async (setup) => {
  const { engine, map } = await openBoth(setup);
  const extract: typeof engine.extract = (...args) => (hangs ? never() : engine.extract(...args));
  return { map, engine: { ...engine, extract } };
};

const openLocalizer: WorkerTools['openLocalizer'] = (setup) =>
  openLiveLocalizer(setup, { open, longestAnswerMs: LONGEST_ANSWER_MS });

answerOrders((report, end) => startWorker(report, { openLocalizer, openSource, end }));
