import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseToml } from '../../adapters/documents/toml';
import { ensureFolder, readTextIfAny, writeAtomic } from '../../adapters/files/fs';
import { environmentFolder } from '../../adapters/home/paths';
import {
  decodeLockfile,
  EMPTY_LOCKFILE,
  LOCKFILE_LIMIT,
  LOCKFILE_NAME,
  type LockEntry,
  type Lockfile,
  renderLockfile,
  withEntry,
} from '../../domain/toolchain/lockfile';
import type { Context } from '../base/context';

/** One folder's resolutions: in its `polyenv.lock` where it has a manifest, else in polyenv's home. */
export interface FolderLock {
  readonly path: string;
  readonly place: 'project' | 'home';
  readonly lock: Lockfile;
}

/** What `polyenv.local.toml` asks for is one person's and stays out of the project's lock. */
export function lockPath(ctx: Context, folder: string, file = 'polyenv.toml'): Pick<FolderLock, 'path' | 'place'> {
  return file !== 'polyenv.local.toml' && existsSync(join(folder, 'polyenv.toml'))
    ? { path: join(folder, LOCKFILE_NAME), place: 'project' }
    : { path: join(environmentFolder(ctx.home, folder), LOCKFILE_NAME), place: 'home' };
}

/** Throws `lockfile-invalid` or `lockfile-newer`; a folder without one has the empty lock. */
export async function readLock(ctx: Context, folder: string, file?: string): Promise<FolderLock> {
  const at = lockPath(ctx, folder, file);
  const text = await readTextIfAny(at.path);
  return { ...at, lock: text === undefined ? EMPTY_LOCKFILE : decodeLock(text, at.path) };
}

export function decodeLock(text: string, path: string): Lockfile {
  return decodeLockfile(parseToml(text, path, { code: 'lockfile-invalid', limit: LOCKFILE_LIMIT, hint: HINT }));
}

const HINT = 'restore the file from version control, or delete it and run: polyenv lock';

/** What answers a folder's decisions: its lock, and for requests that it lacks what was resolved here before. */
export async function readKnown(ctx: Context, folder: string, file?: string): Promise<FolderLock> {
  const own = await readLock(ctx, folder, file);
  if (own.place === 'home') return own;
  const here = await readHomeLock(ctx, folder);
  const lacking = here.lock.entries.filter(
    (entry) =>
      !own.lock.entries.some((one) => one.tool === entry.tool && isDeepStrictEqual(one.request, entry.request)),
  );
  return lacking.length === 0 ? own : { ...own, lock: { entries: [...own.lock.entries, ...lacking] } };
}

/** Keeps a resolution in polyenv's home, where no project is written. */
export async function rememberEntry(ctx: Context, folder: string, entry: LockEntry): Promise<void> {
  const here = await readHomeLock(ctx, folder);
  await writeLock(here, withEntry(here.lock, entry));
}

async function readHomeLock(ctx: Context, folder: string): Promise<FolderLock> {
  const path = join(environmentFolder(ctx.home, folder), LOCKFILE_NAME);
  const text = await readTextIfAny(path);
  return { path, place: 'home', lock: text === undefined ? EMPTY_LOCKFILE : decodeLock(text, path) };
}

/** Writes the lock if it differs from what stands there; says whether it did. */
export async function writeLock(at: Pick<FolderLock, 'path'>, lock: Lockfile): Promise<'written' | 'unchanged'> {
  const text = renderLockfile(lock);
  if ((await readTextIfAny(at.path)) === text) return 'unchanged';
  await ensureFolder(dirname(at.path));
  await writeAtomic(at.path, text);
  return 'written';
}
