import { withLock } from '../../adapters/home/lock';
import { type ServiceFolder, serviceLock } from '../../adapters/services/folders';
import { holdOf, writtenPid } from '../../adapters/services/launch';
import { findLeftovers, holdsAnother, identifyProcess, isProgramOf, lifeOf } from '../../adapters/services/processes';
import type { ServerIdentity, ServiceState } from '../../domain/services/state';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

/** What runs of a service now, as the system says. */
export type Running =
  /** `known`: its state names it; else its starter was killed before it could write that. */
  | { readonly kind: 'server'; readonly server: ServerIdentity; readonly known: boolean }
  | { readonly kind: 'none' }
  | { readonly kind: 'elsewhere'; readonly server: ServerIdentity };

/** Looks, and changes nothing. Without a server in the state it costs a file, with one a look at its process. */
export async function findServer(
  { host }: Pick<Context, 'host'>,
  folder: ServiceFolder,
  state: ServiceState | undefined,
): Promise<Running> {
  if (state === undefined) return { kind: 'none' };
  const { server } = state;
  const life = server === undefined ? 'dead' : await lifeOf(host, server);
  if (server !== undefined && life === 'alive') {
    // guard: copied-home
    if (holdsAnother(server.pid, folder.running)) return { kind: 'none' };
    return { kind: 'server', server, known: true };
  }
  if (server !== undefined && life === 'elsewhere') {
    return (await holdOf(folder)) === 'free' ? { kind: 'none' } : { kind: 'elsewhere', server };
  }
  const pid = await writtenPid(folder);
  if (pid === undefined || pid === server?.pid) return { kind: 'none' };
  const started = await identifyProcess(host, pid);
  if (started === undefined || (await holdOf(folder)) === 'free') return { kind: 'none' };
  // guard: adopted-program
  if (!(await isProgramOf(pid, state.toolchain))) return { kind: 'none' };
  return { kind: 'server', server: started, known: false };
}

/**
 * Ends the children that outlived a killed server: they hold the data, and no server could start. Called under the
 * service's lock, when no server lives. Throws `service-elsewhere` where who holds the data cannot be seen.
 */
export async function endLeftovers(ctx: Context, folder: ServiceFolder, state: ServiceState): Promise<void> {
  if ((await holdOf(folder)) !== 'held') return;
  for (const [signal, patience] of [
    [undefined, 300],
    ['SIGTERM', 1000],
    ['SIGKILL', 5000],
  ] as const) {
    if (signal !== undefined) {
      for (const pid of await findLeftovers(folder.data, state.toolchain)) ctx.host.signalProcess(pid, signal);
    }
    if (await isFreeWithin(folder, patience)) return;
  }
  throw elsewhere(folder, undefined);
}

async function isFreeWithin(folder: ServiceFolder, milliseconds: number): Promise<boolean> {
  for (const end = performance.now() + milliseconds; ; ) {
    if ((await holdOf(folder)) !== 'held') return true;
    if (performance.now() >= end) return false;
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** Resolves once nobody holds the data any more, or after the time; says whether that is so. */
export { isFreeWithin as isReleasedWithin };

export function elsewhere({ name }: ServiceFolder, server: ServerIdentity | undefined): PolyenvError {
  const who =
    server === undefined ? 'a process that cannot be seen from here' : `process ${server.pid} on ${server.host}`;
  return new PolyenvError('service-elsewhere', `the data of ${name} are in use by ${who}`, {
    hint: 'stop it where it runs: two servers on the same data would destroy them',
  });
}

/** One change of a service at a time. On a full disk the lock cannot be written; then a stop goes on without it. */
export async function withService<T>(
  ctx: Context,
  of: { readonly folder: ServiceFolder; readonly purpose: string; readonly onFullDisk: 'fail' | 'proceed' },
  action: () => Promise<T>,
): Promise<T> {
  const { home, host, emit, settings } = ctx;
  let begun = false;
  try {
    const lock = { home, host, emit, name: serviceLock(of.folder), purpose: of.purpose, timeout: settings.lockTimeout };
    return await withLock(lock, () => {
      begun = true;
      return action();
    });
  } catch (error) {
    const full = error instanceof PolyenvError && error.code === 'disk-full';
    if (begun || !full || of.onFullDisk === 'fail') throw error;
    return action();
  }
}
