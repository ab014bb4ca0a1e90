import { existsSync, realpathSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ensureFolder, removeTree } from '../../adapters/files/fs';
import { servicesFolder } from '../../adapters/home/paths';
import {
  folderIdentity,
  isFolderAt,
  listServicesOf,
  readState,
  serviceFolder,
  writeState,
} from '../../adapters/services/folders';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { declaredNames } from './declared';
import { publishExports } from './exports';
import { stopService } from './stop';

export interface Adopted {
  readonly from: string;
  readonly to: string;
  readonly names: readonly string[];
}

/** What `adopt` would take over. Throws what it throws, and changes nothing. */
export async function planAdopt(ctx: Context, old: string): Promise<Adopted> {
  const { from, to, found } = await adoptable(ctx, old);
  return { from, to, names: found.map(({ folder }) => folder.name) };
}

/**
 * Takes over the services that a project had under its old path: their servers are stopped and their folders renamed.
 * Nothing that is here is replaced, and nothing is taken from a project that still is there.
 */
export async function adopt(ctx: Context, old: string): Promise<Adopted> {
  const { from, to, found } = await adoptable(ctx, old);
  const runtimes = await loadRuntimes();
  for (const { folder, state } of found) {
    const service = runtimes.find(({ id }) => id === state?.kind)?.service;
    if (service !== undefined) await stopService(ctx, { folder, stop: service.stop });
    const target = serviceFolder(ctx.home, to, folder.name);
    await ensureFolder(dirname(target.root));
    await removeTree(target.root);
    await rename(folder.root, target.root);
    const moved = await readState(target);
    if (moved !== undefined) await writeState(target, { ...moved, project: await folderIdentity(to) });
  }
  await removeTree(servicesFolder(ctx.home, from));
  await publishExports(ctx, to);
  return { from, to, names: found.map(({ folder }) => folder.name) };
}

async function adoptable(
  ctx: Context,
  old: string,
): Promise<{
  readonly from: string;
  readonly to: string;
  readonly found: Awaited<ReturnType<typeof listServicesOf>>;
}> {
  const from = resolve(ctx.directory, old);
  const to = realpathSync(ctx.directory);
  const found = await listServicesOf(ctx.home, from);
  if (found.length === 0) {
    throw new PolyenvError('service-unknown', `there are no data of services of ${from}`, {
      hint: 'polyenv ps --all shows which there are',
    });
  }
  // guard: adopt-gone
  if (existsSync(from) && (await declaredNames(from)).length > 0) {
    throw new PolyenvError('usage', `${from} is still a project with services: its data stay its own`, {
      hint: 'polyenv snapshot and polyenv dump take copies',
    });
  }
  for (const { folder } of found) {
    const target = serviceFolder(ctx.home, to, folder.name);
    if ((await isFolderAt(target.data)) || (await isFolderAt(target.snapshots))) {
      throw new PolyenvError('data-refused', `${folder.name} has data here already`, {
        where: { file: target.data },
        hint: `take those away first, if they are not needed: polyenv reset ${folder.name} --snapshots`,
      });
    }
  }
  return { from, to, found };
}
