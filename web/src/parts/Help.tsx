import { useEffect, useRef } from 'preact/hooks';

const KEYS = [
  ['1 … 9', 'stream'],
  ['K, Space', 'hold this moment, or go live'],
  ['J, L', 'one second back, one forth'],
  [', and .', 'one frame back, one forth'],
  ['F', 'follow the camera'],
  ['O', 'the whole map'],
  ['P', 'plan on, off'],
  ['T', 'light, dark, as the system'],
  ['?', 'this list'],
] as const;

/** The keys, over the page. */
export function Help({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">
        Keys
        <button type="button" onClick={onClose}>
          Close
        </button>
      </h2>
      <dl>
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p class="fine">
        On the timeline the arrow keys step through frames, with Shift through seconds; Home is the oldest
        moment, End is now. On the 3D view they move the map.
      </p>
    </dialog>
  );
}
