import { closeSync, constants, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ServiceCommand } from '../../domain/runtime/service';
import type { RunAs } from '../../domain/services/state';
import type { Host } from '../../host';
import { errorCode, translateFsError } from '../files/fs-errors';
import type { ServiceFolder } from './folders';
import { handSignalsOn } from './handed-on';
import { LOCK_DESCRIPTOR } from './processes';

/** A server that was just started. `ended` tells how it ended, if it did while we looked. */
export interface Launched {
  readonly pid: number;
  readonly ended: () => { readonly code: number | undefined; readonly signal: string | undefined } | undefined;
}

/** The whole environment of a server or a client: nothing of the caller's, which could move a port or load a library. */
export function serviceEnvironment(command: ServiceCommand, home: string): Readonly<Record<string, string>> {
  return { PATH: '/usr/bin:/bin', HOME: home, TMPDIR: '/tmp', LC_ALL: 'C', TZ: 'UTC', ...command.env };
}

/**
 * The wrapper's exit status where another server holds the data. The lock lasts until the last child of the server is
 * dead, and is seen from every container; the process says who it is before it becomes the server, so that one whose
 * starter was killed is known all the same.
 */
const HELD = 75;
const WRAPPER = `umask 077
if command -v flock >/dev/null 2>&1; then flock -n ${LOCK_DESCRIPTOR} || exit ${HELD}; fi
echo $$ >&8
exec 8>&-
exec "$@"`;

/** Starts the server in a session of its own, its output in the log; returns at once. */
export async function launch(
  at: ServiceFolder,
  command: ServiceCommand,
  { runAs, home }: { readonly runAs: RunAs; readonly home: string },
): Promise<Launched> {
  const { spawn } = await import('node:child_process');
  const log = openFor(at.log, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
  const pid = openFor(at.pid, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
  const running = openFor(at.running, constants.O_RDWR | constants.O_CREAT);
  let ended: ReturnType<Launched['ended']>;
  try {
    const [file, ...args] = ['/bin/sh', '-c', WRAPPER, 'polyenv-service', ...asUser(runAs, command.argv)];
    const child = spawn(file as string, args, {
      cwd: '/',
      env: serviceEnvironment(command, home),
      detached: true,
      stdio: ['ignore', log, log, ...Array<'ignore'>(5).fill('ignore'), pid, running],
      ...(runAs.how === 'user' && { uid: runAs.uid, gid: runAs.gid }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.once('exit', (code, signal) => {
      ended = { code: code ?? undefined, signal: signal ?? undefined };
    });
    child.unref();
    return { pid: child.pid as number, ended: () => ended };
  } finally {
    for (const descriptor of [log, pid, running]) closeSync(descriptor);
  }
}

/** Whether the process found the data held by another server. */
export function foundHeld(ended: ReturnType<Launched['ended']>): boolean {
  return ended?.code === HELD;
}

/** The command as the server's user runs it. In a namespace of its own, root is nobody, with root's rights on files. */
export function asUser({ how, uid, gid }: RunAs, argv: readonly string[]): readonly string[] {
  if (how !== 'namespace') return argv;
  return ['/usr/bin/unshare', '-U', `--map-user=${uid}`, `--map-group=${gid}`, '--', ...argv];
}

/** `unknown` where this system has no `flock`. */
export type Hold = 'free' | 'held' | 'unknown';

/** Whether a server, or a child that outlived it, holds the data: as its kernel says, from whatever container. */
export async function holdOf({ running }: Pick<ServiceFolder, 'running'>): Promise<Hold> {
  const { execFile } = await import('node:child_process');
  const script = 'command -v flock >/dev/null 2>&1 || exit 3; exec flock -n -E 75 "$1" true';
  try {
    await promisify(execFile)('/bin/sh', ['-c', script, 'hold', running], {
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      timeout: 10_000,
    });
    return 'free';
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    return code === HELD ? 'held' : 'unknown';
  }
}

/** The process id that the server wrote of itself. */
export async function writtenPid({ pid }: Pick<ServiceFolder, 'pid'>): Promise<number | undefined> {
  const text = await readFile(pid, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw translateFsError(error, pid) ?? error;
  });
  const found = /^(\d{1,10})\n$/.exec(text)?.[1];
  return found === undefined || Number(found) < 2 ? undefined : Number(found);
}

export interface Ran {
  readonly exit: number;
  /** The end of what it printed, both streams as they came. */
  readonly output: string;
  /** A signal asked us to stop, and was handed on. */
  readonly interrupted: boolean;
}

/** Runs a step of a kind to its end, as the server's user, with nothing of the caller's environment. */
export async function runStep(
  host: Pick<Host, 'onSignal'>,
  command: ServiceCommand,
  { runAs, home }: { readonly runAs: RunAs; readonly home: string },
): Promise<Ran> {
  const { spawn } = await import('node:child_process');
  const [file, ...args] = asUser(runAs, command.argv);
  return new Promise((resolve) => {
    const child = spawn(file as string, args, {
      cwd: '/',
      env: serviceEnvironment(command, home),
      stdio: 'pipe',
      ...(runAs.how === 'user' && { uid: runAs.uid, gid: runAs.gid }),
    });
    const signals = handSignalsOn(host, child);
    let output = '';
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-16_384);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.stdin.on('error', () => undefined);
    child.stdin.end(command.stdin ?? '');
    child.once('error', (error) => {
      signals.release();
      resolve({ exit: 127, output: `${output}${error.message}`, interrupted: signals.interrupted() });
    });
    child.once('close', (code) => {
      signals.release();
      resolve({ exit: code ?? 128, output, interrupted: signals.interrupted() });
    });
  });
}

function openFor(path: string, flags: number): number {
  try {
    return openSync(path, flags | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw translateFsError(error, path) ?? error;
  }
}
