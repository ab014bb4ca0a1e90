import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServiceCommand } from '../../domain/runtime/service';
import type { Host } from '../../host';
import { handSignalsOn } from './handed-on';
import { serviceEnvironment } from './launch';

export interface Piped {
  readonly exit: number;
  /** The end of what it said on stderr. */
  readonly said: string;
  /** Bytes that went through. */
  readonly bytes: number;
  /** A signal asked us to stop, and was handed on. */
  readonly interrupted: boolean;
}

/** Runs a client with its input and output in our hands. `progress` is told the bytes so far. */
export async function pipeCommand(
  host: Host,
  command: ServiceCommand,
  ends: {
    readonly from?: Readable | AsyncIterable<Uint8Array>;
    readonly to?: Writable;
    readonly progress?: (bytes: number) => void;
  },
): Promise<Piped> {
  const { execa } = await import('execa');
  const [file, ...args] = command.argv;
  const child = execa(file, args, {
    cwd: '/',
    env: serviceEnvironment(command, '/nonexistent'),
    extendEnv: false,
    stdin: 'pipe',
    buffer: false,
    reject: false,
  });
  const signals = handSignalsOn(host, child);
  let said = '';
  let bytes = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-8192);
  });
  const count = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      bytes += chunk.length;
      ends.progress?.(bytes);
      yield chunk;
    }
  };
  const exited = child.then((result) => {
    if (result.exitCode === undefined && result.signal === undefined) said = `${said}${result.originalMessage ?? ''}`;
    return result.exitCode ?? (result.signal === undefined ? 127 : 128);
  });
  try {
    // A client that ends early says why by its status; that its input was not taken whole is no error of ours.
    const input =
      ends.from === undefined
        ? Promise.resolve(void child.stdin.end(command.stdin ?? ''))
        : pipeline(count(ends.from as AsyncIterable<Uint8Array>), child.stdin).catch(() => undefined);
    let failure: unknown;
    const output =
      ends.to === undefined
        ? Promise.resolve(void child.stdout.resume())
        : pipeline(ends.from === undefined ? count(child.stdout) : child.stdout, ends.to, { end: false }).catch(
            (error: unknown) => {
              failure = error;
              child.kill();
            },
          );
    const [exit] = await Promise.all([exited, input, output]);
    if (failure !== undefined) throw failure;
    return { exit, said, bytes, interrupted: signals.interrupted() };
  } finally {
    signals.release();
  }
}

/** Runs a client to its end and gives what it printed. */
export async function captureCommand(host: Host, command: ServiceCommand): Promise<Piped & { readonly text: string }> {
  const { PassThrough } = await import('node:stream');
  const heard = new PassThrough();
  const chunks: Buffer[] = [];
  heard.on('data', (chunk: Buffer) => chunks.push(chunk));
  const piped = await pipeCommand(host, command, { to: heard });
  return { ...piped, text: Buffer.concat(chunks).toString('utf8') };
}
