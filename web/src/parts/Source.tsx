import type { StreamLive } from '../model/liveState.js';
import { sourceInWords } from '../model/words.js';
import { rate, whole } from './format.js';

const TROUBLES = [
  ['reconnects', 'Reconnects'],
  ['stalls', 'Stalls'],
  ['freezes', 'Freezes'],
] as const;

/** Where the frames come from, and how often that went wrong. */
export function Source({ stream, nowMs }: { stream: StreamLive; nowMs: number }) {
  const { source, sourceAtMs, statistics, info } = stream;
  const { tone, word, detail } = sourceInWords(source, nowMs - sourceAtMs);
  const { lastHour, inFlight } = statistics;
  return (
    <section class="panel source" aria-labelledby="source-title">
      <h2 id="source-title">
        Source
        <span class={`tone-${tone} toned`}>{word}</span>
      </h2>
      {source.kind !== 'streaming' && <p>{detail}</p>}
      {source.kind === 'failed' && <p class="fine">{source.code}</p>}
      <dl class="figures">
        <Figure name="In" value={rate(statistics.inputHz)} />
        {TROUBLES.map(([key, name]) => (
          <Figure
            key={key}
            name={name}
            value={lastHour ? whole(lastHour[key]) : '–'}
            isBad={(lastHour?.[key] ?? 0) > 0}
          />
        ))}
      </dl>
      <p class="fine">
        {lastHour ? 'Troubles of the last hour' : ''}
        {info.camera ? ` · ${info.camera.model} ${info.camera.widthPx} × ${info.camera.heightPx}` : ''}
        {inFlight ? ` · ${whole(inFlight)} under way` : ''}
      </p>
    </section>
  );
}

function Figure({ name, value, isBad }: { name: string; value: string; isBad?: boolean }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class={isBad ? 'is-bad' : undefined}>{value}</dd>
    </div>
  );
}
