import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { writable } from '../files/writable';
import { type Allowance, openXzFormat } from './xz-format';

export interface XzOptions {
  readonly signal?: AbortSignal | undefined;
  /** Absolute paths where the system's own decoder may be; none of them there: one of ours, three times as slow. */
  readonly programs?: readonly string[];
}

/** Where systems and their package managers put it. Not PATH: a project may stand there. */
const PROGRAMS = ['/usr/bin/xz', '/bin/xz', '/usr/local/bin/xz', '/opt/homebrew/bin/xz'];

/** What our own decoder can do: as much as `xz -9` asks for. */
const OUR_DICTIONARY: Allowance = { most: 64 * 2 ** 20, hint: 'install the program xz, then try again' };

/**
 * What an xz file holds, as it arrives. Its form is checked before a decoder sees it (`xz-format`), so that memory stays bounded
 * and nothing hides behind its end. Throws `archive-invalid` and `archive-refused`; failures of the source pass through.
 */
export async function* inflateXz(
  source: AsyncIterable<Uint8Array>,
  { signal, programs = PROGRAMS }: XzOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const program = programs.find((path) => existsSync(path));
  const decoder = program === undefined ? await openThread() : await openProgram(program);
  const format = openXzFormat(program === undefined ? OUR_DICTIONARY : undefined);
  let failure: { readonly error: unknown } | undefined;
  const feed = async (): Promise<void> => {
    for await (const chunk of source) {
      format.take(chunk);
      if (!(await decoder.take(chunk))) return;
    }
    format.end();
    decoder.end();
  };
  const fed = feed().catch((error: unknown) => {
    failure = { error };
    decoder.stop();
  });
  try {
    for await (const chunk of decoder.unpacked) {
      signal?.throwIfAborted();
      yield chunk;
    }
    // A decoder that gave up takes no more, and then says why.
    const reason = await decoder.failure();
    if (reason !== undefined && failure === undefined) throw damaged(reason);
    await fed;
    if (failure !== undefined) throw failure.error;
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw error;
  } finally {
    decoder.stop();
  }
}

interface Decoder {
  /** Waits while too much is waiting. False: it takes no more. */
  take(chunk: Uint8Array): Promise<boolean>;
  end(): void;
  readonly unpacked: AsyncIterable<Uint8Array>;
  /** After the last unpacked chunk: why there is no more. */
  failure(): Promise<string | undefined>;
  stop(): void;
}

async function openProgram(program: string): Promise<Decoder> {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, ['-dc'], {
    cwd: '/',
    // busybox knows no such options, but does not read them from here either.
    env: { XZ_DEFAULTS: '--threads=1 --memlimit-decompress=320MiB' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said: Buffer[] = [];
  const ended = endOf(child, said);
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => said.length < 8 && said.push(chunk));
  return {
    take: async (chunk) => {
      if (child.stdin.destroyed) return false;
      if (!child.stdin.write(chunk)) await writable(child.stdin);
      return !child.stdin.destroyed;
    },
    end: () => child.stdin.end(),
    unpacked: child.stdout as AsyncIterable<Uint8Array>,
    failure: () => ended,
    stop: () => {
      child.kill('SIGKILL');
    },
  };
}

function endOf(child: ChildProcess, said: readonly Buffer[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      const text = printable(Buffer.concat(said).toString('utf8').trim().slice(0, 200));
      resolve(code === 0 ? undefined : text || `xz ended with ${signal ?? code}`);
    });
  });
}

/** The decoder in WebAssembly, on a thread of its own so that decoding, parsing and writing overlap. */
async function openThread(): Promise<Decoder> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(PROGRAM, {
    eval: true,
    env: {},
    execArgv: [],
    workerData: { library: require.resolve('xz-decompress') },
  });
  let waiting = 0;
  let given = 0;
  let over = false;
  let reason: string | undefined;
  const wake: (() => void)[] = [];
  const ready: Uint8Array[] = [];
  const changed = (): void => {
    for (const resume of wake.splice(0)) resume();
  };
  const change = (): Promise<void> => new Promise((resolve) => wake.push(resolve));
  const finish = (why: string | undefined): void => {
    if (!over) reason = why;
    over = true;
    changed();
  };
  worker.on('message', (message: Message) => {
    if (message.taken !== undefined) waiting -= message.taken;
    if (message.chunk !== undefined) ready.push(message.chunk);
    if (message.end !== undefined) finish(message.end === '' ? undefined : message.end);
    changed();
  });
  worker.on('error', (error) => finish(error.message));
  worker.on('exit', () => finish('the decoder ended'));
  return {
    take: async (chunk) => {
      while (waiting > MOST_WAITING && !over) await change();
      if (over) return false;
      waiting += chunk.length;
      worker.postMessage({ chunk });
      return true;
    },
    end: () => worker.postMessage({ end: true }),
    unpacked: (async function* () {
      for (;;) {
        const chunk = ready.shift();
        if (chunk !== undefined) {
          given += 1;
          if (given % 4 === 0) worker.postMessage({ credit: 4 });
          yield chunk;
        } else if (over) return;
        else await change();
      }
    })(),
    failure: async () => reason,
    stop: () => {
      finish('stopped');
      void worker.terminate();
    },
  };
}

interface Message {
  readonly taken?: number;
  readonly chunk?: Uint8Array;
  /** Empty: all is decoded. */
  readonly end?: string;
}

const MOST_WAITING = 2 ** 20;

/** At most eight chunks of a megabyte are on their way to us. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { XzReadableStream } = require(workerData.library);
let credit = 8;
const waiters = [];
const input = [];
let ended = false;
parentPort.on('message', (message) => {
  if (message.chunk !== undefined) input.push(message.chunk);
  if (message.end === true) ended = true;
  if (message.credit !== undefined) credit += message.credit;
  for (const resume of waiters.splice(0)) resume();
});
const change = () => new Promise((resolve) => waiters.push(resolve));
const packed = new ReadableStream({
  pull: async (controller) => {
    while (input.length === 0 && !ended) await change();
    const chunk = input.shift();
    if (chunk === undefined) return controller.close();
    parentPort.postMessage({ taken: chunk.length });
    controller.enqueue(chunk);
  },
}, { highWaterMark: 1 });
(async () => {
  let held = new Uint8Array(2 ** 20);
  let used = 0;
  const send = async () => {
    while (credit <= 0) await change();
    credit -= 1;
    const chunk = held.subarray(0, used);
    parentPort.postMessage({ chunk }, [held.buffer]);
    held = new Uint8Array(2 ** 20);
    used = 0;
  };
  try {
    for await (const chunk of new XzReadableStream(packed)) {
      if (used + chunk.length > held.length) await send();
      held.set(chunk, used);
      used += chunk.length;
    }
    if (used > 0) await send();
    parentPort.postMessage({ end: '' });
  } catch (error) {
    parentPort.postMessage({ end: String(error.message) });
  }
})();
`;

function damaged(why: string): PolyenvError {
  return new PolyenvError(
    'archive-invalid',
    `the archive is damaged, or packed in a way that is not unpacked: ${why}`,
    {
      hint: 'try again; if the program xz is not installed here, install it first',
    },
  );
}
