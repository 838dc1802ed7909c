import type { Counters, Statistics } from '../../../src/server/wire.js';
import { dropOf, lossOf } from '../model/words.js';
import { whole } from './format.js';

const MOST_REASONS = 4;

/** The books: every frame in is posed, lost or dropped, and why. */
export function Frames({ counters, statistics }: { counters: Counters; statistics: Statistics }) {
  const { dropped, lostBy } = { dropped: statistics.counters.dropped, lostBy: statistics.lostBy };
  const droppedInAll = sum(dropped);
  const rows = [
    ['posed', counters.posed],
    ['lost', counters.lost],
    ['dropped', droppedInAll],
  ] as const;
  const all = Math.max(1, counters.posed + counters.lost + droppedInAll);
  return (
    <section class="panel" aria-labelledby="frames-title">
      <h2 id="frames-title">
        Frames <span>{whole(counters.in)} in</span>
      </h2>
      <div class="bar" aria-hidden="true">
        {rows.map(([name, count]) => (
          <span key={name} class={`frames-${name}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <table class="rows">
        <tbody>
          {rows.map(([name, count]) => (
            <tr key={name}>
              <th scope="row">
                <span class={`swatch frames-${name}`} aria-hidden="true" />
                {name}
              </th>
              <td>{whole(count)}</td>
              <td>{((100 * count) / all).toFixed(1)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Reasons title="Why lost" by={lostBy} words={lossOf} />
      <Reasons title="Why dropped" by={dropped} words={dropOf} />
    </section>
  );
}

interface Words {
  readonly short: string;
  readonly words: string;
  readonly remedy?: string;
}

/** The commonest reasons: what they mean, and what a person can do. */
function Reasons({
  title,
  by,
  words,
}: {
  title: string;
  by: Readonly<Record<string, number>>;
  words: (reason: string) => Words;
}) {
  const sorted = Object.entries(by)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  if (sorted.length === 0) return null;
  const rest = sum(Object.fromEntries(sorted.slice(MOST_REASONS)));
  return (
    <>
      <h3>{title}</h3>
      <ul class="reasons">
        {sorted.slice(0, MOST_REASONS).map(([reason, count]) => {
          const { short, words: meaning, remedy } = words(reason);
          return (
            <li key={reason}>
              <b>{short}</b>
              <span class="count">{whole(count)}</span>
              <p>
                {meaning} {remedy && <em>{remedy}</em>}
              </p>
            </li>
          );
        })}
        {rest > 0 && (
          <li>
            <b>other</b>
            <span class="count">{whole(rest)}</span>
          </li>
        )}
      </ul>
    </>
  );
}

const sum = (by: Readonly<Record<string, number>>): number => Object.values(by).reduce((a, b) => a + b, 0);
