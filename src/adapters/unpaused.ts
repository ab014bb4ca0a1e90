import type { Readable } from 'node:stream';

/**
 * The stream's chunks without ever pausing it: what comes faster than it is taken waits in memory. undici 7's parser ends
 * the whole process if a connection is closed while its body is paused (nodejs/undici#5360), and any server may close. Flows
 * from the call on, so call it as soon as the stream is there.
 */
export function unpaused(stream: Readable): AsyncIterable<Uint8Array> {
  const waiting: Uint8Array[] = [];
  let taken = 0;
  let end: { readonly error?: unknown } | undefined;
  let wake: () => void = () => undefined;
  const finish = (found: { readonly error?: unknown }): void => {
    end ??= found;
    wake();
  };
  stream
    .on('data', (chunk: Uint8Array) => {
      waiting.push(chunk);
      wake();
    })
    .on('end', () => finish({}))
    .on('error', (error) => finish({ error }))
    .on('close', () => finish({ error: new Error('the connection was closed') }));
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          const chunk = waiting[taken];
          if (chunk !== undefined) {
            taken += 1;
            if (taken === 64) {
              waiting.splice(0, taken);
              taken = 0;
            }
            yield chunk;
          } else if (end !== undefined) {
            if ('error' in end) throw end.error;
            return;
          } else {
            await new Promise<void>((resume) => {
              wake = resume;
            });
          }
        }
      } finally {
        stream.destroy();
      }
    },
  };
}
