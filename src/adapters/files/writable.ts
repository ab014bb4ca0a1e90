import type { Writable } from 'node:stream';

/** When the stream takes more, or never will again because it is closed. */
export function writable(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const resume = (): void => {
      stream.off('drain', resume).off('close', resume);
      resolve();
    };
    stream.on('drain', resume).on('close', resume);
  });
}
