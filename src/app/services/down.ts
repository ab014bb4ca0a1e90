import { listServices, type ServiceFolder } from '../../adapters/services/folders';
import type { Service } from '../../domain/runtime/service';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { publishExports } from './exports';
import { type KnownService, knownServices, readyToolchain } from './known';
import { refuseUnreadable, type Started, startService } from './start';
import { type Stopped, stopService } from './stop';

export interface StoppedService extends Stopped {
  readonly name: string;
  readonly project: string;
}

/** Stops those named; without names every service that the folder sees, and those of its project that no manifest names any more. Data stay. */
export async function down(
  ctx: Context,
  names: readonly string[],
  options: { readonly force?: true; readonly all?: true } = {},
): Promise<readonly StoppedService[]> {
  const known = options.all === true ? [] : await knownServices(ctx, names);
  const projects = new Set(known.map(({ folder }) => folder.project));
  const runtimes = await loadRuntimes();
  const others = (names.length > 0 ? [] : await listServices(ctx.home)).flatMap(({ folder, state }) => {
    const ours = options.all === true || projects.has(folder.project) || ctx.directory === folder.project;
    const service = runtimes.find(({ id }) => id === state?.kind)?.service;
    const twice = known.some((one) => one.folder.root === folder.root);
    return ours && !twice && service !== undefined ? [{ folder, service }] : [];
  });
  const all: readonly { readonly folder: ServiceFolder; readonly service: Service }[] = [...known, ...others];
  const results = await Promise.allSettled(
    all.map(async ({ folder, service }) => ({
      name: folder.name,
      project: folder.project,
      ...(await stopService(ctx, { folder, stop: service.stop }, options)),
    })),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** Stops and starts, as the manifest now says. */
export async function restart(ctx: Context, services: readonly KnownService[]): Promise<readonly Started[]> {
  const started: Started[] = [];
  for (const known of services) started.push(await restartService(ctx, known));
  for (const project of new Set(services.map(({ folder }) => folder.project))) await publishExports(ctx, project);
  return started;
}

/** What the new one needs is there before the old one is stopped, which then is not stopped for nothing. */
async function restartService(ctx: Context, known: KnownService): Promise<Started> {
  const toolchain = await readyToolchain(ctx, known);
  // guard: restart-data-line
  await refuseUnreadable(known, toolchain);
  await stopService(ctx, { folder: known.folder, stop: known.service.stop });
  return startService(ctx, known, { toolchain: async () => toolchain });
}
