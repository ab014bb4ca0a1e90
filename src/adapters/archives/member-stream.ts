import type { MemberSink } from './member';

/** One member of an archive as a stream of its own, while the archive is read. */
export interface MemberStream {
  /** For the reader of the archive: all other members are passed by. */
  readonly sink: MemberSink;
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether there was such a member. */
  found(): boolean;
  /** Nobody reads the content any more, and why. */
  stop(reason: unknown): void;
  /** No more of it comes, and why. */
  fail(reason: unknown): void;
}

/** Bytes that may wait. */
const AHEAD = 4 * 2 ** 20;

export function openMemberStream(name: string): MemberStream {
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let state: 'before' | 'within' | 'behind' = 'before';
  let stopped: { readonly reason: unknown } | undefined;
  let failed: { readonly reason: unknown } | undefined;
  let wake: (() => void)[] = [];
  const changed = (): void => {
    const resumed = wake;
    wake = [];
    for (const resume of resumed) resume();
  };
  const change = (): Promise<void> => new Promise((resolve) => wake.push(resolve));

  const sink: MemberSink = {
    begin: (member) => {
      if (state === 'before' && member.kind === 'file' && member.name === name) state = 'within';
    },
    data: (chunk) => {
      if (state !== 'within') return;
      waiting.push(chunk);
      bytes += chunk.length;
      changed();
    },
    end: () => {
      if (state === 'within') state = 'behind';
      changed();
    },
    flush: async () => {
      while (bytes > AHEAD && stopped === undefined) await change();
      if (stopped !== undefined) throw stopped.reason;
    },
  };

  async function* content(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        bytes -= chunk.length;
        changed();
        yield chunk;
      } else if (failed !== undefined) throw failed.reason;
      else if (state === 'behind') return;
      else await change();
    }
  }

  return {
    sink,
    content: content(),
    found: () => state === 'behind',
    stop: (reason) => {
      stopped = { reason };
      changed();
    },
    fail: (reason) => {
      failed = { reason };
      changed();
    },
  };
}
