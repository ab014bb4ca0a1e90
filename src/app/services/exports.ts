import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { withLock } from '../../adapters/home/lock';
import { listEnvironmentFolders } from '../../adapters/routes/environments';
import { writeExports } from '../../adapters/services/exports';
import { listServicesOf } from '../../adapters/services/folders';
import { isFolder } from '../../adapters/system/discover';
import type { ServiceExports } from '../../domain/services/variables';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { withFolderLocks } from '../project/folder-lock';
import { compileFolder } from '../routes/compile';
import { servicePlace } from './known';

/** Writes down what the services of a project say to its commands; where that changed, every folder below it is compiled anew. */
export async function publishExports(ctx: Context, project: string): Promise<void> {
  const { home, host, emit, settings } = ctx;
  const name = `exports-${createHash('sha256').update(project).digest('hex').slice(0, 24)}`;
  const changed = await withLock(
    { home, host, emit, name, purpose: 'writing addresses of services', timeout: settings.lockTimeout },
    async () => writeExports(home, project, await exportsOf(ctx, project)),
  );
  if (changed === 'unchanged') return;
  for (const folder of await listEnvironmentFolders(home)) {
    if (!isFolder(folder) || !isWithin(project, realpathSync(folder))) continue;
    // Whoever changes the folder at the same time compiles it too: one that read no addresses yet must not be the last.
    await withFolderLocks(ctx, { folders: [folder], purpose: `compiling ${folder}` }, () => compileFolder(ctx, folder));
  }
}

/** Addresses stand from the first start on, whether the server runs or not. */
async function exportsOf(ctx: Context, project: string): Promise<readonly ServiceExports[]> {
  const runtimes = await loadRuntimes();
  return (await listServicesOf(ctx.home, project)).flatMap(({ folder, state }) => {
    const runtime = runtimes.find(({ id }) => id === state?.kind);
    const service = runtime?.service;
    if (state === undefined || runtime === undefined || service === undefined) return [];
    const { databases, extensions } = state;
    const at = servicePlace(ctx, { folder, runtime, service }, { state, databases, extensions });
    return [{ name: folder.name, kind: runtime.id, variables: service.exports(at) }];
  });
}

function isWithin(project: string, folder: string): boolean {
  return folder === project || folder.startsWith(project.endsWith(sep) ? project : project + sep);
}
