import type { Listener } from './listener';

/** Each event as one line of JSON on stderr; the result is the one object on stdout. */
export function jsonListener(write: (text: string) => void): Listener {
  return { hear: (event) => write(`${JSON.stringify(event)}\n`), settle: () => {} };
}
