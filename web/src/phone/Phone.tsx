import { useEffect, useRef, useState } from 'preact/hooks';
import type { Connection } from '../connection.js';
import type { StreamLive } from '../model/liveState.js';
import type { Session } from '../model/session.js';
import { badgeOf } from '../model/words.js';
import { ms, NOTHING, percent } from '../parts/format.js';
import { useLive } from '../parts/hooks.js';
import { Announcer, StatusBadge } from '../parts/StatusBadge.js';
import { TokenForm } from '../parts/TokenForm.js';
import { CameraError, type CameraTrouble, openCamera } from './camera.js';
import { type Sending, sendCamera } from './sender.js';
import { keepAwake } from './wakeLock.js';
import { type Advice, adviceOn, PUSH_EXAMPLE, sendInWords } from './words.js';

/** Sends this device's camera to a stream, and says what comes of it. */
export function Phone({ session, connection }: { session: Session; connection: Connection }) {
  const { state, nowMs } = useLive(session);
  const takers = [...state.streams.values()].filter(({ info }) => info.takesVideo);
  const [chosen, setChosen] = useState<string | null>(null);
  const stream = takers.find(({ info }) => info.id === chosen) ?? takers[0] ?? null;
  const { link } = state;
  const badge = badgeOf(link, stream, nowMs, session.silentMs());
  if (link.kind === 'token') return <TokenForm connection={connection} refused={link.refused} />;
  return (
    <main class="phone">
      <h1>
        Send this camera
        <a href="./">Map</a>
      </h1>
      {link.kind !== 'live' && <StatusBadge badge={badge} note={null} isPast={false} />}
      {link.kind === 'live' && !stream && <NoPushStream />}
      {stream && (
        <Camera
          key={stream.info.id}
          connection={connection}
          stream={stream}
          picker={
            takers.length > 1 ? (
              <label class="pick">
                Stream
                <select value={stream.info.id} onChange={(event) => setChosen(event.currentTarget.value)}>
                  {takers.map(({ info }) => (
                    <option key={info.id} value={info.id}>
                      {info.label}
                    </option>
                  ))}
                </select>
              </label>
            ) : null
          }
        >
          {link.kind === 'live' && <StatusBadge badge={badge} note={null} isPast={false} />}
          <Announcer badge={badge} isPast={false} />
          <PoseFigures stream={stream} />
        </Camera>
      )}
    </main>
  );
}

interface CameraProps {
  readonly connection: Connection;
  readonly stream: StreamLive;
  readonly picker: preact.ComponentChild;
  readonly children: preact.ComponentChildren;
}

function Camera({ connection, stream, picker, children }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [camera, setCamera] = useState<MediaStream | null>(null);
  const [sending, setSending] = useState<Sending | null>(null);
  const [trouble, setTrouble] = useState<CameraTrouble | null>(window.isSecureContext ? null : 'insecure');
  const { id } = stream.info;

  useEffect(() => {
    if (!camera) return;
    if (video.current) video.current.srcObject = camera;
    const stopSending = sendCamera(connection, id, camera, setSending);
    const sleep = keepAwake();
    return () => {
      stopSending();
      sleep();
      for (const track of camera.getTracks()) track.stop();
      setSending(null);
    };
  }, [camera, connection, id]);

  async function start(): Promise<void> {
    setTrouble(null);
    try {
      const opened = await openCamera(stream.info.camera);
      // A camera that is pulled out, or taken by a call, ends by itself.
      opened.getVideoTracks()[0]?.addEventListener('ended', () => {
        setCamera(null);
        setTrouble('taken');
      });
      setCamera(opened);
    } catch (error) {
      setTrouble(error instanceof CameraError ? error.trouble : 'other');
    }
  }

  return (
    <>
      {picker}
      <div class={`viewfinder ${camera ? '' : 'is-empty'}`}>
        <video ref={video} autoplay muted playsInline aria-label="Your camera" />
        {!camera && <p class="empty">The picture goes to this server only.</p>}
      </div>
      {trouble && <Notice advice={adviceOn(trouble, location.port || '8080')} />}
      <button
        type="button"
        class={`send ${camera ? 'is-on' : ''}`}
        disabled={!window.isSecureContext}
        onClick={() => (camera ? setCamera(null) : void start())}
      >
        {camera ? 'Stop' : 'Start sending'}
      </button>
      {sending && <Line sending={sending} />}
      {children}
      {camera && <ShapeWarning camera={camera} stream={stream} />}
    </>
  );
}

function Line({ sending }: { sending: Sending }) {
  const { state, kbitPerS, backlogBytes, cuts } = sending;
  return (
    <dl class="figures phone-line" aria-label="Line">
      <div class="figure wide">
        <dt>Line</dt>
        <dd class="line-state">{sendInWords(state)}</dd>
      </div>
      <div class="figure">
        <dt>Sending</dt>
        <dd>{(kbitPerS / 1000).toFixed(1)} Mbit/s</dd>
      </div>
      <div class="figure">
        <dt>Backlog</dt>
        <dd>{Math.round(backlogBytes / 1024)} KiB</dd>
      </div>
      <div class="figure">
        <dt>Cuts</dt>
        <dd>{cuts}</dd>
      </div>
    </dl>
  );
}

function PoseFigures({ stream }: { stream: StreamLive }) {
  const { last, lastPosed, statistics } = stream;
  const posed = last?.state === 'posed' ? last : null;
  return (
    <dl class={`figures ${posed ? '' : 'is-stale'}`} aria-label="Pose">
      <div class="figure wide">
        <dt>Position</dt>
        <dd class="xyz">
          {lastPosed
            ? (['x', 'y', 'z'] as const).map((axis, i) => (
                <span key={axis}>
                  <i>{axis}</i>
                  {lastPosed.position[i].toFixed(2)}
                </span>
              ))
            : NOTHING}
        </dd>
      </div>
      <div class="figure">
        <dt>Confidence</dt>
        <dd>{percent(posed?.confidence)}</dd>
      </div>
      <div class="figure">
        <dt>Age</dt>
        <dd>{ms(last?.ageMs)}</dd>
      </div>
      <div class="figure">
        <dt>Rate</dt>
        <dd>{statistics.processedHz > 0 ? `${statistics.processedHz.toFixed(1)} fps` : NOTHING}</dd>
      </div>
    </dl>
  );
}

/** Intrinsics hold for one shape of picture; a phone held upright sends another. */
function ShapeWarning({ camera, stream }: { camera: MediaStream; stream: StreamLive }) {
  const wanted = stream.info.camera;
  const { width, height } = camera.getVideoTracks()[0]?.getSettings() ?? {};
  if (!wanted || !width || !height) return null;
  const off = Math.abs(width / height / (wanted.widthPx / wanted.heightPx) - 1);
  if (off < 0.02) return null;
  const advice = {
    title: 'The picture has another shape',
    text: `It is ${width} × ${height}; the stream's intrinsics are for ${wanted.widthPx} × ${wanted.heightPx}. Turn the phone, or give the server intrinsics of this camera.`,
  };
  return <Notice advice={advice} />;
}

function NoPushStream() {
  return (
    <section class="panel" aria-labelledby="none-title">
      <h2 id="none-title">No stream takes video</h2>
      <p>Add one to the server's file; this page goes on by itself when it is there.</p>
      <pre>{PUSH_EXAMPLE}</pre>
    </section>
  );
}

function Notice({ advice }: { advice: Advice }) {
  return (
    <section class="panel notice" role="alert">
      <h2>{advice.title}</h2>
      <p>{advice.text}</p>
      {advice.code && <pre>{advice.code}</pre>}
    </section>
  );
}
