import { useEffect } from 'preact/hooks';

/** Keys that work wherever the focus is, except where somebody writes or a dialog is open.
 * @param act  told `event.key`, letters in lower case; returns whether the key means something */
export function useKeys(act: (key: string, isShift: boolean) => boolean): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      const { target } = event;
      if (target instanceof HTMLElement && isTaken(target, event.key)) return;
      if (act(event.key.length === 1 ? event.key.toLowerCase() : event.key, event.shiftKey))
        event.preventDefault();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [act]);
}

function isTaken(target: HTMLElement, key: string): boolean {
  if (target.closest('dialog') || target.matches('input:not([type=checkbox]), textarea, select')) return true;
  // Space presses what has the focus.
  return key === ' ' && target.matches('button, a, input');
}
