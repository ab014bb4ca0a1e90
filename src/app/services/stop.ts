import type { ServiceFolder } from '../../adapters/services/folders';
import { isFolderAt, readState, writeState } from '../../adapters/services/folders';
import { holdOf } from '../../adapters/services/launch';
import { findLeftovers, lifeOf } from '../../adapters/services/processes';
import type { Service } from '../../domain/runtime/service';
import type { ServerIdentity, ServiceState } from '../../domain/services/state';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { elsewhere, findServer, isReleasedWithin, withService } from './server';

/** What can be stopped: also a service that no manifest names any more. */
export interface Stoppable {
  readonly folder: ServiceFolder;
  readonly stop: Service['stop'];
}

export interface Stopped {
  readonly action: 'stopped' | 'killed' | 'not-running';
  readonly milliseconds: number;
}

/** Asks the server to end and waits until it and its children have. Never kills a database unless `force` says so; works on a full disk. */
export async function stopService(
  ctx: Context,
  service: Stoppable,
  options: { readonly force?: true } = {},
): Promise<Stopped> {
  const began = ctx.host.now().getTime();
  const { folder } = service;
  if (!(await isFolderAt(folder.root))) return { action: 'not-running', milliseconds: 0 };
  const purpose = `stopping ${folder.name}`;
  return withService(ctx, { folder, purpose, onFullDisk: 'proceed' }, async () => {
    const state = await readState(folder);
    const running = await findServer(ctx, folder, state);
    if (running.kind === 'elsewhere') throw elsewhere(folder, running.server);
    const action =
      running.kind === 'none' || state === undefined
        ? 'not-running'
        : await endServer(ctx, { ...service, state, server: running.server }, options);
    // Nothing has to be written for it to be stopped: what runs is known from the system.
    if (state?.server !== undefined) await forget(folder, state);
    return { action, milliseconds: ctx.host.now().getTime() - began };
  });
}

async function forget(folder: ServiceFolder, { server: _, ...state }: ServiceState): Promise<void> {
  await writeState(folder, state).catch((error: unknown) => {
    if (!(error instanceof PolyenvError) || error.code !== 'disk-full') throw error;
  });
}

/** Under the lock of the service; the server was just seen. */
export async function endServer(
  ctx: Context,
  of: Stoppable & { readonly state: ServiceState; readonly server: ServerIdentity },
  { force }: { readonly force?: true },
): Promise<'stopped' | 'killed'> {
  const { folder, stop, server } = of;
  signal(ctx, of, stop.signal);
  const end = performance.now() + stop.seconds * 1000;
  if ((await isGoneBy(ctx, server, end)) && (await isReleasedWithin(folder, Math.max(1000, end - performance.now())))) {
    return 'stopped';
  }
  if (force !== true && !stop.thenKill) {
    throw new PolyenvError('service-slow', `${folder.name} has not ended after ${stop.seconds} s (pid ${server.pid})`, {
      where: { file: folder.log },
      hint: `see what it does: polyenv logs ${folder.name}; polyenv stop ${folder.name} --force kills it`,
    });
  }
  signal(ctx, of, 'SIGKILL');
  await isGoneBy(ctx, server, performance.now() + 5000);
  if ((await holdOf(folder)) === 'held') {
    for (const pid of await findLeftovers(folder.data, of.state.toolchain)) ctx.host.signalProcess(pid, 'SIGKILL');
    await isReleasedWithin(folder, 5000);
  }
  return 'killed';
}

function signal(
  ctx: Context,
  { folder, server }: Stoppable & { readonly server: ServerIdentity },
  name: NodeJS.Signals,
) {
  try {
    ctx.host.signalProcess(server.pid, name);
  } catch (error) {
    throw new PolyenvError(
      'service-failed',
      `you may not stop ${folder.name}: process ${server.pid} is another user's`,
      {
        hint: `as its user: polyenv stop ${folder.name}`,
        cause: error,
      },
    );
  }
}

async function isGoneBy(ctx: Context, server: ServerIdentity, end: number): Promise<boolean> {
  for (let delay = 3; ; delay = Math.min(delay * 1.4, 50)) {
    if ((await lifeOf(ctx.host, server)) !== 'alive') return true;
    if (performance.now() >= end) return false;
    await new Promise((resume) => setTimeout(resume, delay));
  }
}
