import type { Dispatcher } from 'undici';

/** The answer to one request: its head, and its body as it comes. */
export interface Exchange {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Once. What waits is given in one piece. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Nobody is interested any more: the connection is given up if the body has not ended. */
  drop(): void;
}

type Request = Dispatcher.DispatchOptions & { readonly signal?: AbortSignal };

/**
 * Asks by undici's own callbacks: its streams cost twice the time for a body of 40 MB. Only a connection that is kept is
 * held up while its reader is busy: undici 7's parser ends the whole process if a connection is closed while its body is
 * paused (nodejs/undici#5360), and any server may close.
 */
export function exchange(dispatcher: Dispatcher, request: Request): Promise<Exchange> {
  return new Promise((answer, refuse) => {
    const { signal, ...options } = request;
    const body = new Body();
    // At once, though the connection may not stand yet.
    const abort = (): void => {
      body.drop(signal?.reason);
      refuse(signal?.reason);
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => {
        body.controller = controller;
        if (signal?.aborted) controller.abort(signal.reason);
      },
      onResponseStart: (_, status, headers) => {
        // An interim answer is followed by the real one.
        if (status < 200) return;
        body.mayPause = /keep-alive/i.test(String(headers.connection ?? ''));
        answer({ status, headers, body, drop: () => body.drop() });
      },
      onResponseData: (_, chunk) => body.take(chunk),
      onResponseEnd: () => {
        signal?.removeEventListener('abort', abort);
        body.end({});
      },
      onResponseError: (_, error) => {
        signal?.removeEventListener('abort', abort);
        body.end({ error });
        refuse(error);
      },
    });
  });
}

/** Bytes that wait for their reader before the connection is held up. */
const MOST_WAITING = 2 ** 20;

class Body implements AsyncIterable<Uint8Array> {
  controller: Dispatcher.DispatchController | undefined;
  mayPause = false;
  #waiting: Uint8Array[] = [];
  #length = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => undefined;

  take(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#length += chunk.length;
    if (this.mayPause && this.#length > MOST_WAITING) this.controller?.pause();
    this.#wake();
  }

  end(found: { readonly error?: unknown }): void {
    this.#end ??= found;
    this.#wake();
  }

  drop(reason?: Error): void {
    if (this.#end !== undefined) return;
    const error = reason ?? new Error('the answer was given up');
    this.end({ error });
    this.controller?.abort(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        if (this.#length > 0) yield this.#all();
        else if (this.#end !== undefined) {
          if ('error' in this.#end) throw this.#end.error;
          return;
        } else {
          await new Promise<void>((resume) => {
            this.#wake = resume;
          });
        }
      }
    } finally {
      this.drop();
    }
  }

  #all(): Uint8Array {
    const [first, ...rest] = this.#waiting;
    const all = rest.length === 0 && first !== undefined ? first : Buffer.concat(this.#waiting, this.#length);
    this.#waiting = [];
    this.#length = 0;
    if (this.controller?.paused) this.controller.resume();
    return all;
  }
}
