/** The worker process: sources, map and network behind the bus. `serve` and `demo` start it. */
import { answerOrders } from '../server/busProcess.js';
import { startWorker } from '../server/worker.js';
import { openLiveLocalizer } from './liveLocalizer.js';
import { openSource } from './openSource.js';

answerOrders((report, end) => startWorker(report, { openLocalizer: openLiveLocalizer, openSource, end }));
