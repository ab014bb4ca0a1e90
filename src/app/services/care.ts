import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureFolder, namesIn, removeEmptyFolders, removeTree } from '../../adapters/files/fs';
import { servicesFolder } from '../../adapters/home/paths';
import { isFolderAt, listServices, listServicesOf, type ServiceFolder } from '../../adapters/services/folders';
import { bytesBelow } from '../../adapters/services/sizes';
import type { ServiceState } from '../../domain/services/state';
import type { ToolId } from '../../domain/words/tool-id';
import type { Context } from '../base/context';
import { findServer, withService } from './server';

/** A service that has a folder in polyenv's home, with what it takes there. */
export interface KeptService {
  readonly folder: ServiceFolder;
  readonly state: ServiceState | undefined;
  readonly kind: ToolId;
  /** Whether its project's folder is no longer there. */
  readonly gone: boolean;
  readonly running: boolean;
  /** Bytes of its data and of its snapshots. */
  readonly data: number;
  readonly snapshots: number;
}

export async function keptServices(ctx: Context): Promise<readonly KeptService[]> {
  return Promise.all(
    (await listServices(ctx.home)).map(async ({ folder, state }) => ({
      folder,
      state,
      kind: state?.kind ?? '',
      gone: !(await isFolderAt(folder.project)),
      running: (await findServer(ctx, folder, state)).kind !== 'none',
      data: bytesBelow(folder.data) ?? 0,
      snapshots: bytesBelow(folder.snapshots) ?? 0,
    })),
  );
}

/** A toolchain that a server runs on, or that data were last opened with, and for whom. */
export interface ServedToolchain {
  readonly root: string;
  readonly name: string;
  readonly project: string;
  readonly running: boolean;
}

/** What must not be taken from below a server, nor from below data that are still somebody's. */
export async function servedToolchains(ctx: Context): Promise<readonly ServedToolchain[]> {
  const found = await Promise.all(
    (await listServices(ctx.home)).map(async ({ folder, state }): Promise<readonly ServedToolchain[]> => {
      if (state === undefined) return [];
      const running = (await findServer(ctx, folder, state)).kind !== 'none';
      const used = running || ((await isFolderAt(folder.project)) && (await isFolderAt(folder.data)));
      return used ? [{ root: state.toolchain, name: folder.name, project: folder.project, running }] : [];
    }),
  );
  return found.flat();
}

/** Data that only `prune --data` takes: of projects that are gone, and what upgrades of this home have kept. */
export interface PrunableData {
  readonly path: string;
  readonly service: string;
  readonly project: string;
  readonly why: 'gone' | 'upgraded';
  readonly bytes: number;
}

export async function prunableData(ctx: Context): Promise<readonly PrunableData[]> {
  const found: PrunableData[] = [];
  for (const { folder, gone, running, data, snapshots } of await keptServices(ctx)) {
    const base = { service: folder.name, project: folder.project };
    if (gone && !running) {
      found.push({ ...base, path: folder.root, why: 'gone', bytes: data + snapshots });
      continue;
    }
    for (const name of await keptByUpgrades(folder)) {
      const path = join(folder.snapshots, name);
      found.push({ ...base, path, why: 'upgraded', bytes: bytesBelow(path) ?? 0 });
    }
  }
  return found;
}

/** How the data are called that an upgrade replaced. */
export const BEFORE_UPGRADE = 'before-upgrade-';

async function keptByUpgrades({ snapshots }: ServiceFolder): Promise<readonly string[]> {
  return (await namesIn(snapshots)).filter((name) => name.startsWith(BEFORE_UPGRADE));
}

/** Takes them away, each by one rename first: what is half removed is never taken for data. Looks once more whether nobody runs. */
export async function removeData(ctx: Context, data: readonly PrunableData[]): Promise<void> {
  const listed = await listServices(ctx.home);
  for (const { path, why } of data) {
    const root = why === 'gone' ? path : dirname(dirname(path));
    const one = listed.find(({ folder }) => folder.root === root);
    if (one === undefined) continue;
    const purpose = `taking away data of ${one.folder.name}`;
    await withService(ctx, { folder: one.folder, purpose, onFullDisk: 'proceed' }, async () => {
      // guard: prune-running
      if (why === 'gone' && (await findServer(ctx, one.folder, one.state)).kind !== 'none') return;
      const aside = join(ctx.home.tmp, `removed-data-${randomBytes(8).toString('hex')}`);
      await ensureFolder(ctx.home.tmp);
      await rename(path, aside);
      await removeTree(aside);
      if (why === 'gone') await removeLast(ctx, one.folder.project);
    });
  }
}

/** What is left of a project whose last service is gone. */
async function removeLast({ home }: Context, project: string): Promise<void> {
  if ((await listServicesOf(home, project)).length > 0) return;
  const folder = servicesFolder(home, project);
  await removeTree(folder);
  await removeEmptyFolders(dirname(folder), home.services);
}
