import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { realPathOr } from '../../adapters/files/real-path';
import { environmentFolder } from '../../adapters/home/paths';
import { readEnvironments } from '../../adapters/routes/environments';
import { readOverlay } from '../../adapters/routes/overlay';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { type OverlayReceipt, readReceipts } from './overlay-notes';

/** A derived copy (`.venv`) that stands, and the toolchain of the store without which it does not start. */
export interface KnownOverlay {
  readonly path: string;
  /** The toolchain's root. */
  readonly toolchain: string;
}

/** The `.venv`s that polyenv knows: where a project has one by its routes, and what it made itself. */
export async function knownOverlays(ctx: Context): Promise<readonly KnownOverlay[]> {
  const environments = await readEnvironments(ctx.home);
  const folders = environments.map(({ directory }) => directory).filter((directory) => existsSync(directory));
  const noted = [
    ...(await Promise.all(folders.map((folder) => readReceipts(environmentFolder(ctx.home, folder))))).flat(),
    ...(await privateReceipts(ctx)),
  ];
  const found = new Map<string, string>();
  for (const { path, toolchain } of noted) if (existsSync(path)) found.set(path, toolchain);
  const store = `${realPathOr(ctx.home.store)}/`;
  for (const { overlay } of environments.flatMap(({ runtimes }) => runtimes)) {
    const facts = overlay === undefined ? undefined : readOverlay(overlay.path, overlay);
    if (overlay === undefined || facts?.kind !== 'folder' || facts.interpreter === undefined) continue;
    const [key] = facts.interpreter.startsWith(store) ? facts.interpreter.slice(store.length).split('/') : [];
    if (key !== undefined) found.set(overlay.path, join(ctx.home.store, key));
  }
  return [...found].map(([path, toolchain]) => ({ path, toolchain }));
}

/** Of those in polyenv's home, whose project still exists. */
async function privateReceipts(ctx: Context): Promise<readonly OverlayReceipt[]> {
  const ids = (await loadRuntimes()).map(({ id }) => id);
  const found: OverlayReceipt[] = [];
  const visit = async (folder: string, project: string): Promise<void> => {
    const names = await foldersIn(folder);
    if (names.includes('.polyenv'))
      for (const id of ids) found.push(...(await readReceipts(join(folder, '.polyenv', id))));
    for (const name of names) {
      const below = join(project, name);
      if (name !== '.polyenv' && existsSync(below)) await visit(join(folder, name), below);
    }
  };
  await visit(ctx.home.homes, '/');
  return found.filter(({ path }) => dirname(path).startsWith(`${ctx.home.homes}/`));
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
