import type { Counters, Statistics } from '../../../src/server/wire.js';
import { whole } from './format.js';

const DROP_WORDS: Record<string, string> = {
  busy: 'pipeline busy',
  'duplicate-time': 'same time twice',
  frozen: 'frozen picture',
  shutdown: 'shutting down',
  fault: 'fault',
};

/** The books: every frame in is posed, lost or dropped. */
export function Frames({ counters, statistics }: { counters: Counters; statistics: Statistics }) {
  const dropped = Object.values(counters.dropped).reduce((sum, n) => sum + n, 0);
  const rows = [
    ['posed', counters.posed, ''],
    ['lost', counters.lost, reasons(statistics.lostBy, {})],
    ['dropped', dropped, reasons(counters.dropped, DROP_WORDS)],
  ] as const;
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
          {rows.map(([name, count, why]) => (
            <tr key={name}>
              <th scope="row">
                <span class={`swatch frames-${name}`} aria-hidden="true" />
                {name}
              </th>
              <td>{whole(count)}</td>
              <td>{counters.in > 0 ? `${((100 * count) / counters.in).toFixed(1)} %` : ''}</td>
              <td class="why">{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function reasons(by: Readonly<Record<string, number>>, words: Readonly<Record<string, string>>): string {
  return Object.entries(by)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([reason, count]) => `${words[reason] ?? reason.replace('-', ' ')} ${whole(count)}`)
    .join(', ');
}
