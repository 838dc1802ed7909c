import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, delay, map, Observable, of, Subject, tap, throwError, timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { conflateScan } from './conflateScan.js';
import { roundRobin } from './turns.js';

const marbles = (run: Parameters<TestScheduler['run']>[0]) =>
  new TestScheduler((actual, expected) => assert.deepEqual(actual, expected)).run(run);

/** A run of `frames` frames that answers in upper case with the state it saw. */
const upperAfter = (frames: number, dropped: string[] = []) =>
  conflateScan<string, number, string>({
    seed: 0,
    project: (value, state) => of(`${value.toUpperCase()}${state}`).pipe(delay(frames)),
    next: (state, result) => (result.startsWith('-') ? state : state + 1),
    displaced: (value) => {
      dropped.push(value);
      return `-${value}`;
    },
  });

test('runs one at a time, keeps the newest, reports the displaced', () => {
  marbles(({ hot, expectObservable }) => {
    const source = hot('  a-b-c-----|');
    expectObservable(source.pipe(upperAfter(5))).toBe('----xA----(C|)', { x: '-b', A: 'A0', C: 'C1' });
  });
});

test('a source that ends while nothing runs completes at once', () => {
  marbles(({ hot, expectObservable }) => {
    expectObservable(hot('--a-----|').pipe(upperAfter(2))).toBe('----A---|', { A: 'A0' });
    expectObservable(hot('|').pipe(upperAfter(2))).toBe('|');
  });
});

test('an error of the source comes after every value that came before it', () => {
  marbles(({ hot, expectObservable }) => {
    expectObservable(hot('a-b#').pipe(upperAfter(5))).toBe('-----A----(B#)', { A: 'A0', B: 'B1' });
    expectObservable(hot('a------#').pipe(upperAfter(2))).toBe('--A----#', { A: 'A0' });
  });
});

test('an error of a run and a throw in a callback reach the error channel', () => {
  const boom = new Error('boom');
  for (const project of [
    () => throwError(() => boom),
    () => {
      throw boom;
    },
  ]) {
    let seen: unknown;
    of(1)
      .pipe(conflateScan({ seed: 0, project, next: (s) => s, displaced: () => undefined }))
      .subscribe({
        error: (e) => {
          seen = e;
        },
      });
    assert.equal(seen, boom);
  }
});

test('unsubscribing stops the run and displaces the waiting value', () => {
  const dropped: number[] = [];
  let stopped = false;
  const source = new Subject<number>();
  const subscription = source
    .pipe(
      conflateScan<number, number, number>({
        seed: 0,
        project: () =>
          new Observable<number>(() => () => {
            stopped = true;
          }),
        next: (s) => s,
        displaced: (v) => {
          dropped.push(v);
          return undefined;
        },
      }),
    )
    .subscribe();
  source.next(1);
  source.next(2);
  subscription.unsubscribe();
  assert.deepEqual(dropped, [2]);
  assert.ok(stopped);
});

test('a synchronous run never loses a value nor the state', () => {
  const seen: string[] = [];
  of('a', 'b', 'c')
    .pipe(
      conflateScan<string, number, string>({
        seed: 0,
        project: (v, s) => of(`${v}${s}`),
        next: (s) => s + 1,
        displaced: () => undefined,
      }),
    )
    .subscribe((v) => seen.push(v));
  assert.deepEqual(seen, ['a0', 'b1', 'c2']);
});

test('every value in gives exactly one out, whatever the arrival gaps and run times', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(6), fc.nat(9)), { minLength: 1, maxLength: 40 }),
      async (steps) => {
        const seen: number[] = [];
        const scheduler = new TestScheduler(() => undefined);
        scheduler.run(({ flush }) => {
          const arrivals = concat(...steps.map(([gap], i) => timer(gap).pipe(map(() => i))));
          arrivals
            .pipe(
              conflateScan<number, null, number>({
                seed: null,
                project: (i) => timer(steps[i]![1]).pipe(map(() => i)),
                next: (s) => s,
                displaced: (i) => i,
              }),
            )
            .subscribe((i) => seen.push(i));
          flush();
        });
        assert.deepEqual(
          [...seen].sort((a, b) => a - b),
          steps.map((_, i) => i),
        );
      },
    ),
    { seed: 7, numRuns: 300 },
  );
});

test('lanes that share an engine run in turn, each with its newest value', () => {
  marbles(({ hot, expectObservable }) => {
    const turns = roundRobin();
    const lane = (prefix: string) =>
      conflateScan<string, null, string>({
        seed: null,
        project: (value) => of(`${prefix}${value}`).pipe(delay(4)),
        next: (state) => state,
        displaced: (value) => `-${value}`,
        turns,
      });
    const left = hot('  a-b-c---d----------|').pipe(lane('l'));
    const right = hot(' -x--y--z-------|').pipe(lane('r'));
    expectObservable(left).toBe('----(bA)c---D------|', { b: '-b', A: 'la', c: '-c', D: 'ld' });
    expectObservable(right).toBe('----x---Y-------(Z|)', { x: '-x', Y: 'ry', Z: 'rz' });
  });
});

test('a lane that has what it wanted from the engine lets the next one begin', () => {
  marbles(({ hot, expectObservable }) => {
    const turns = roundRobin();
    const lane = conflateScan<string, null, string>({
      seed: null,
      project: (value, _, leaveTurn) => of(value.toUpperCase()).pipe(delay(2), tap(leaveTurn), delay(3)),
      next: (state) => state,
      displaced: (value) => `-${value}`,
      turns,
    });
    // the engine is theirs for 2 frames, their own work takes 3 more; leaving late takes nobody else's turn
    expectObservable(hot('a-----b------|').pipe(lane)).toBe('-----A-----B-|');
    expectObservable(hot('c--d---------|').pipe(lane)).toBe('-------C-----(D|)');
  });
});

test('any lanes: as many runs as turns at once, none left behind', async () => {
  await fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.array(fc.tuple(fc.nat(6), fc.nat(9)), { minLength: 1, maxLength: 20 }), {
        minLength: 1,
        maxLength: 5,
      }),
      (width, lanes) => {
        const turns = roundRobin(width);
        const out = lanes.map(() => 0);
        let running = 0;
        let most = 0;
        const scheduler = new TestScheduler(() => undefined);
        scheduler.run(({ flush }) => {
          lanes.forEach((steps, l) => {
            concat(...steps.map(([gap], i) => timer(gap).pipe(map(() => i))))
              .pipe(
                conflateScan<number, null, number>({
                  seed: null,
                  project: (i) => {
                    most = Math.max(most, ++running);
                    return timer(steps[i]![1]).pipe(
                      map(() => {
                        running--;
                        return i;
                      }),
                    );
                  },
                  next: (s) => s,
                  displaced: (i) => i,
                  turns,
                }),
              )
              .subscribe(() => out[l]!++);
          });
          flush();
        });
        assert.ok(most <= width);
        assert.deepEqual(
          out,
          lanes.map((steps) => steps.length),
        );
      },
    ),
    { seed: 11 },
  );
});

test('a lane that leaves gives its turn back', () => {
  const turns = roundRobin();
  const started: string[] = [];
  const lane = (name: string) => {
    const source = new Subject<number>();
    const subscription = source
      .pipe(
        conflateScan<number, null, number>({
          seed: null,
          project: () => {
            started.push(name);
            return new Observable<number>();
          },
          next: (s) => s,
          displaced: () => undefined,
          turns,
        }),
      )
      .subscribe();
    return { source, subscription };
  };
  const [a, b, c] = [lane('a'), lane('b'), lane('c')];
  for (const { source } of [a, b, c]) source.next(1);
  assert.deepEqual(started, ['a']);
  b.subscription.unsubscribe();
  a.subscription.unsubscribe();
  assert.deepEqual(started, ['a', 'c']);
});
