const EXAMPLE = `streams:
  - id: car
    source: rtsp://192.168.1.20/cam`;

/** A server that waits for its first stream. */
export function NoStreams() {
  return (
    <section class="panel" aria-labelledby="none-title">
      <h2 id="none-title">No streams yet</h2>
      <p>Name one in the server's file; this page shows it as soon as it is there.</p>
      <pre>{EXAMPLE}</pre>
    </section>
  );
}
