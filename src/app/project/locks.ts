import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseToml } from '../../adapters/documents/toml';
import { ensureFolder, readTextIfAny } from '../../adapters/files/fs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { environmentFolder } from '../../adapters/home/paths';
import { MANIFEST_NAMES } from '../../domain/project/manifest';
import { sidesOf } from '../../domain/toolchain/lock-conflict';
import {
  EMPTY_LOCKFILE,
  LOCKFILE_LIMIT,
  LOCKFILE_NAME,
  type LockEntry,
  type Lockfile,
  withEntry,
} from '../../domain/toolchain/lockfile';
import { decodeLockfile } from '../../domain/toolchain/lockfile-decode';
import { renderLockfile } from '../../domain/toolchain/lockfile-render';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { manifestRequests, readManifest } from './manifests';

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

/** As `readLock`, and after a merge conflict what either side says: ours, and of theirs the requests that ours lacks. */
export async function readEitherSide(ctx: Context, folder: string, file?: string): Promise<FolderLock> {
  const at = lockPath(ctx, folder, file);
  const text = await readTextIfAny(at.path);
  const sides = text === undefined ? undefined : sidesOf(text);
  if (sides === undefined) return readLock(ctx, folder, file);
  const read = [sides.ours, sides.theirs].map((side) => attempt(() => decodeLock(side, at.path)));
  const [ours, theirs] = read.map((result) => (result instanceof Error ? EMPTY_LOCKFILE : result));
  const lacking = (theirs ?? EMPTY_LOCKFILE).entries.filter(
    (entry) => !ours?.entries.some((own) => own.tool === entry.tool && isDeepStrictEqual(own.request, entry.request)),
  );
  ctx.emit({
    type: 'note',
    text: `${at.path} has a merge conflict: what either side has locked is kept where it is still asked`,
  });
  return { ...at, lock: { entries: [...(ours?.entries ?? []), ...lacking] } };
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}

export function decodeLock(text: string, path: string): Lockfile {
  const sides = sidesOf(text);
  if (sides !== undefined) {
    throw new PolyenvError('lockfile-invalid', 'the lock has a merge conflict that nobody has resolved', {
      where: { file: path, line: sides.line },
      hint: 'polyenv lock',
    });
  }
  return decodeLockfile(parseToml(text, path, { code: 'lockfile-invalid', limit: LOCKFILE_LIMIT, hint: HINT }));
}

const HINT = 'rm polyenv.lock && polyenv lock, or restore it from version control';

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
  // Services of one kind may want several versions: what one resolved must not take the other's away.
  const manifests = await Promise.all(MANIFEST_NAMES.map((name) => readManifest(folder, name).catch(() => undefined)));
  const kept = (await Promise.all(manifests.map((one) => manifestRequests(one?.manifest)))).flat();
  await writeLock(here, withEntry(here.lock, entry, kept));
}

async function readHomeLock(ctx: Context, folder: string): Promise<FolderLock> {
  const path = join(environmentFolder(ctx.home, folder), LOCKFILE_NAME);
  const text = await readTextIfAny(path);
  return { path, place: 'home', lock: text === undefined ? EMPTY_LOCKFILE : decodeLock(text, path) };
}

/** Writes the lock if it differs from what stands there; says whether it did. */
async function writeLock(at: Pick<FolderLock, 'path'>, lock: Lockfile): Promise<'written' | 'unchanged'> {
  const text = renderLockfile(lock);
  if ((await readTextIfAny(at.path)) === text) return 'unchanged';
  await ensureFolder(dirname(at.path));
  await writeAtomic(at.path, text);
  return 'written';
}
