import type { CameraTrouble } from './camera.js';
import type { SendState } from './sender.js';

export interface Advice {
  readonly title: string;
  readonly text: string;
  /** To be typed, one command. */
  readonly code?: string;
}

export function adviceOn(trouble: CameraTrouble, port: string): Advice {
  switch (trouble) {
    case 'insecure':
      return {
        title: 'A camera needs a safe address',
        text: 'Browsers give a camera only to https:// or localhost. Put a proxy with a certificate before the server, or connect this phone by USB, run the command below on the computer and open localhost here.',
        code: `adb reverse tcp:${port} tcp:${port}\n# then, on the phone: http://localhost:${port}/phone`,
      };
    case 'denied':
      return {
        title: 'No leave to use the camera',
        text: 'Allow the camera for this page in the settings beside the address, then start again.',
      };
    case 'none':
      return { title: 'No camera', text: 'This device has none that this page may use.' };
    case 'taken':
      return { title: 'The camera is taken', text: 'Another program uses it. Close that, then start again.' };
    case 'no-recorder':
      return {
        title: 'This browser cannot record video',
        text: 'Use a current Chrome, Edge, Firefox or Safari.',
      };
    case 'other':
      return { title: 'The camera did not open', text: 'Start again; if it stays so, restart the browser.' };
  }
}

export function sendInWords(state: SendState): string {
  if (state.kind === 'opening') return 'Calling the server';
  if (state.kind === 'sending') return 'Sending';
  if (state.kind === 'replaced') return 'Another sender took over';
  return {
    refused: 'The server refuses; trying again',
    lost: 'The line broke; trying again',
    slow: 'The line is too slow: starting anew from now',
    unreadable: 'The server cannot read this video; trying again',
  }[state.why];
}

export const PUSH_EXAMPLE = `streams:
  - id: phone
    source: 'push:'
    intrinsics: phone.json`;
