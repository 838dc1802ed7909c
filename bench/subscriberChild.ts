import { setTimeout as delay } from 'node:timers/promises';
import { type Manner, type Subscriber, subscribe } from './subscriberSocket.js';

/** Many subscribers in a process of their own: told what to do and asked for figures over the channel of `fork`. */
export interface Crowd {
  readonly port: number;
  readonly hz: number;
  readonly encoding: 'json' | 'msgpack';
  /** How many of each manner. */
  readonly counts: Readonly<Partial<Record<Manner, number>>>;
}

/** What came since the last question. */
export interface CrowdFigures {
  /** Capture to arrival of every pose, ms, in no order. */
  readonly agesMs: readonly number[];
  /** Who was closed, by manner and close code (0: without one). */
  readonly closed: Readonly<Record<string, number>>;
  /** Since the last question. */
  readonly spanS: number;
  /** Of this process, s. */
  readonly cpuS: number;
}

/** One who was closed, or who has not read for so long, comes again. */
const STAY_MS = 12_000;
const CONNECTS_AT_ONCE = 50;

let ages: number[] = [];
let closed: Record<string, number> = {};
let sinceMs = performance.now();
let isLeaving = false;
const nowMs = (): number => performance.timeOrigin + performance.now();

function keepOpen(crowd: Crowd, manner: Manner): void {
  let timer: NodeJS.Timeout | undefined;
  const subscriber: Subscriber = subscribe({
    ...{ ...crowd, manner },
    onPose: (captureMs) => {
      if (manner === 'acks' || manner === 'reads') ages.push(nowMs() - captureMs);
    },
    onClose: (code) => {
      clearTimeout(timer);
      if (isLeaving) return;
      const who = `${manner} ${code}`;
      closed[who] = (closed[who] ?? 0) + 1;
      setTimeout(() => keepOpen(crowd, manner), 100);
    },
  });
  if (manner === 'stopped') timer = setTimeout(() => subscriber.end(), STAY_MS);
}

async function join(crowd: Crowd): Promise<void> {
  let opened = 0;
  for (const [manner, count] of Object.entries(crowd.counts))
    for (let i = 0; i < count; i++) {
      keepOpen(crowd, manner as Manner);
      if (++opened % CONNECTS_AT_ONCE === 0) await delay(100);
    }
  process.send?.('joined');
}

process.on('message', (message: Crowd | 'figures') => {
  if (message !== 'figures') return void join(message);
  const { user, system } = process.cpuUsage();
  const spanS = (performance.now() - sinceMs) / 1000;
  const figures: CrowdFigures = { agesMs: ages, closed, spanS, cpuS: (user + system) / 1e6 };
  process.send?.(figures);
  ages = [];
  closed = {};
  sinceMs = performance.now();
});
process.on('disconnect', () => {
  isLeaving = true;
  process.exit(0);
});
