import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { Worker } from 'node:worker_threads';

/**
 * Creates files, writes and hashes them: the first few here, the many on a thread of its own, so that parsing, writing and
 * inflating overlap. Each file is new (O_EXCL, O_NOFOLLOW), in a folder that exists.
 */
export interface FileWriter {
  /** Begins a file of that many bytes; an empty path only hashes. */
  open(path: string, mode: number, size: number): void;
  write(piece: Uint8Array): void;
  close(): void;
  /**
   * Hands over what is pending, and waits while too much is. What lies in the buffer of a chunk that the caller gives away
   * (`given`) is not copied: nobody else may use that buffer any more.
   * Throws `FileFailure`.
   */
  flush(given?: Uint8Array): Promise<void>;
  /** All is written. Throws `FileFailure`. */
  finish(): Promise<Written>;
  /** Ends early; says how many files were created. */
  stop(): Promise<number>;
}

export interface Written {
  /** sha256 in hex, in the order in which the files were begun. */
  readonly digests: readonly string[];
  /** Permission bits that the umask took away. */
  readonly masked: number;
}

/** What the system said about one file. */
export class FileFailure extends Error {
  readonly path: string;
  readonly code: string;

  constructor({ path, code, message }: { readonly path: string; readonly code: string; readonly message: string }) {
    super(message);
    this.path = path;
    this.code = code;
  }
}

export function openFileWriter(): FileWriter {
  let steps: Step[] = [];
  let pieces: Uint8Array[] = [];
  let pending = 0;
  let bytes = 0;
  let created = 0;
  let failure: FileFailure | undefined;
  const digests: string[] = [];
  let masked = 0;
  const work = makeHands(loadHere);
  let thread: Thread | undefined;

  return { open, write, close, flush, finish, stop };

  function open(path: string, mode: number, size: number): void {
    bytes += size;
    // Between two files no state has to move.
    if (thread === undefined && bytes > WORTH_A_THREAD) {
      handOver();
      thread = openThread(take);
    }
    steps.push(OPEN, path, mode);
  }

  function write(piece: Uint8Array): void {
    steps.push(WRITE, pieces.length);
    pieces.push(piece);
    pending += piece.length;
  }

  function close(): void {
    steps.push(CLOSE);
  }

  async function flush(given?: Uint8Array): Promise<void> {
    if (given !== undefined || pending >= BATCH) handOver(given);
    await thread?.ready(MOST_WAITING);
    if (failure !== undefined) throw failure;
  }

  async function finish(): Promise<Written> {
    handOver();
    await thread?.ready(0);
    await thread?.end();
    thread = undefined;
    if (failure !== undefined) throw failure;
    return { digests, masked };
  }

  async function stop(): Promise<number> {
    steps = [CLOSE];
    pieces = [];
    pending = 0;
    handOver();
    await thread?.ready(0);
    await thread?.end();
    thread = undefined;
    return created;
  }

  function handOver(given?: Uint8Array): void {
    if (steps.length === 0) return;
    const batch = { steps, pieces };
    const size = pending;
    steps = [];
    pieces = [];
    pending = 0;
    if (thread === undefined) take(work(batch));
    else thread.send(batch, size, given);
  }

  function take(result: Result): void {
    created += result.created;
    digests.push(...result.digests);
    masked |= result.masked;
    if (result.failure !== undefined) failure ??= new FileFailure(result.failure);
  }
}

const OPEN = 0;
const WRITE = 1;
const CLOSE = 2;

/** `OPEN path mode`, `WRITE index-of-piece`, `CLOSE`, in a row. */
type Step = string | number;

interface Batch {
  readonly steps: readonly Step[];
  readonly pieces: readonly Uint8Array[];
}

interface Result {
  readonly created: number;
  readonly digests: readonly string[];
  readonly masked: number;
  readonly failure?: { readonly path: string; readonly code: string; readonly message: string };
}

/** Starting one costs 40 ms of a processor. */
const WORTH_A_THREAD = 12 * 2 ** 20;
const MOST_WAITING = 4 * 2 ** 20;
const BATCH = 2 ** 20;

interface Thread {
  send(batch: Batch, size: number, given: Uint8Array | undefined): void;
  /** Resolves once no more than that many bytes wait. */
  ready(bytes: number): Promise<void>;
  end(): Promise<void>;
}

function openThread(take: (result: Result) => void): Thread {
  const worker = new Worker(PROGRAM, {
    eval: true,
    env: {},
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
  });
  const sizes: number[] = [];
  let waiting = 0;
  let wake: (() => void) | undefined;
  worker.on('message', (result: Result) => {
    waiting -= sizes.shift() ?? 0;
    take(result);
    wake?.();
  });
  let over = false;
  const die = (message: string): void => {
    if (over) return;
    over = true;
    sizes.length = 0;
    waiting = 0;
    take({ created: 0, digests: [], masked: 0, failure: { path: '', code: '', message } });
    wake?.();
  };
  worker.on('error', (error) => die(error.message));
  worker.on('exit', (code) => die(`the thread that writes files ended (${code})`));
  return {
    send: (batch, size, given) => {
      if (over) return;
      sizes.push(size);
      waiting += size;
      const pieces = batch.pieces.map((piece) => (piece.buffer === given?.buffer ? piece : new Uint8Array(piece)));
      const buffers = new Set(pieces.map((piece) => piece.buffer as ArrayBuffer));
      worker.postMessage({ steps: batch.steps, pieces }, [...buffers]);
    },
    ready: async (bytes) => {
      while (waiting > bytes || (bytes === 0 && sizes.length > 0)) {
        await new Promise<void>((resume) => {
          wake = resume;
        });
      }
    },
    end: async () => {
      over = true;
      await worker.terminate();
    },
  };
}

function loadHere(name: 'node:fs' | 'node:crypto'): unknown {
  return name === 'node:fs' ? fs : crypto;
}

/**
 * Does what the batches say, one after another; after a failure nothing more. It runs here and, by its own text, on the
 * thread: so it may use nothing but its argument, and what the bundler adds to keep the names of inner functions must
 * stay below the `return`, where it never runs.
 */
function makeHands(load: (name: 'node:fs' | 'node:crypto') => unknown): (batch: Batch) => Result {
  const { openSync, writeSync, closeSync, fstatSync, fchmodSync, constants } = load('node:fs') as typeof fs;
  const { createHash, hash } = load('node:crypto') as typeof crypto;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  let masked: number | undefined;
  let failed = false;
  let current: { path: string; descriptor: number; first?: Uint8Array; hash?: crypto.Hash } | undefined;

  return ({ steps, pieces }) => {
    const digests: string[] = [];
    let created = 0;
    let path = '';
    try {
      for (let at = 0; at < steps.length && !failed; ) {
        const step = steps[at];
        if (step === 0) {
          path = steps[at + 1] as string;
          current = { path, descriptor: path === '' ? -1 : create(path, steps[at + 2] as number) };
          if (path !== '') created += 1;
          at += 3;
        } else if (step === 1) {
          const piece = pieces[steps[at + 1] as number];
          if (current !== undefined && piece !== undefined) append(current, piece);
          at += 2;
        } else {
          if (current !== undefined) digests.push(finish(current));
          current = undefined;
          at += 1;
        }
      }
      // The pieces are gone when the batch is done.
      if (current !== undefined) startHash(current);
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string };
      const failure = { path: current?.path || path, code, message };
      drop();
      return { created, digests, masked: masked ?? 0, failure };
    }
    return { created, digests, masked: masked ?? 0 };
  };

  function create(path: string, mode: number): number {
    const descriptor = openSync(path, flags, mode);
    masked ??= mode & ~fstatSync(descriptor).mode;
    // A umask that forbids ourselves to read is not honoured.
    if ((masked & 0o700) !== 0) {
      fchmodSync(descriptor, mode);
      masked = 0o700;
    }
    return descriptor;
  }

  function append(file: NonNullable<typeof current>, piece: Uint8Array): void {
    if (file.descriptor !== -1) {
      for (let done = 0; done < piece.length; ) done += writeSync(file.descriptor, piece, done);
    }
    // The usual case, a file whole in one piece, is hashed in one call.
    if (file.first === undefined && file.hash === undefined) file.first = piece;
    else startHash(file).update(piece);
  }

  function startHash(file: NonNullable<typeof current>): crypto.Hash {
    file.hash ??= createHash('sha256').update(file.first ?? '');
    delete file.first;
    return file.hash;
  }

  function finish(file: NonNullable<typeof current>): string {
    const { descriptor } = file;
    // Closed once, whatever comes of it: by then the number may be another file's.
    file.descriptor = -1;
    if (descriptor !== -1) closeSync(descriptor);
    return file.hash?.digest('hex') ?? hash('sha256', file.first ?? '');
  }

  function drop(): void {
    failed = true;
    const descriptor = current?.descriptor ?? -1;
    current = undefined;
    try {
      if (descriptor !== -1) closeSync(descriptor);
    } catch {
      // What failed before it is the reason.
    }
  }
}

/**
 * What was written goes to a port that nobody holds, which frees it now; waiting for the collector would cost 64 MB.
 */
const PROGRAM = `
const { parentPort, MessageChannel } = require('node:worker_threads');
const work = (${makeHands.toString()})(require);
const { port1: nowhere, port2 } = new MessageChannel();
port2.close();
parentPort.on('message', (batch) => {
  parentPort.postMessage(work(batch));
  nowhere.postMessage(undefined, [...new Set(batch.pieces.map((piece) => piece.buffer))]);
});
`;
