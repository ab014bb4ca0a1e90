import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ensureFolder, readTextIfAny } from '../../adapters/files/fs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { MANIFEST_NAMES } from '../../domain/project/manifest';
import type { Environment } from '../../domain/routes/environment';
import { LOCKFILE_NAME } from '../../domain/toolchain/lockfile';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { withFolderLocks } from '../project/folder-lock';
import { forgetSnapshot, forgetUndone, recordHistory, recordOutcome } from '../project/history';
import { compileFolder, prepareFolder } from '../routes/compile';
import { keepDefaults } from '../routes/defaults';
import { sweepLeftovers } from '../toolchains/sweep';
import { FolderView } from './folder-view';

/** A file as it should be. */
export interface FileChange {
  /** The folder whose state it is: its lock is held while the file is written. */
  readonly folder: string;
  /** Absolute; the lock of a folder without a manifest lies in polyenv's home. */
  readonly path: string;
  /** The whole text; `undefined` takes the file away. */
  readonly text: string | undefined;
}

/** What a use case decided, with everything that it needs already fetched. */
export interface FolderChange<T> {
  readonly files: readonly FileChange[];
  readonly result: T;
  /** Further folders whose routes are compiled. */
  readonly also?: readonly string[];
  /** `keep` where the change itself goes back in history, and what stands needs no snapshot; `undo` where it goes forward again. */
  readonly history?: 'record' | 'keep' | 'undo';
  /** Done after the files were written, before anybody else may change the folder. */
  readonly settle?: () => Promise<void>;
}

export interface FolderChanging {
  /** Where the person stands, or meant by `-C`. */
  readonly folder: string;
  /** The verb, for those who wait: `use`. */
  readonly verb: string;
  /**
   * `prepare` also makes what runtimes derive in the project, such as `.venv`, anew where that cannot be used; `keep` makes
   * only what is missing; `compile` writes routes only.
   */
  readonly routes: 'prepare' | 'keep' | 'compile';
}

export interface ChangedFolder<T> {
  readonly result: T;
  /** Files that were written, in that order. */
  readonly wrote: readonly string[];
  readonly removed: readonly string[];
  /** The routes of the folder as they are now. */
  readonly environment: Environment;
}

/** How often a decision may name other folders than those that were locked for it. */
const MOST_TRIES = 5;

/**
 * The one way to change a folder. `decide` reads through the view, fetches what its answer needs, and says how the files
 * should be; it writes nothing. It runs first without the folder's lock, so that nobody waits for a download. The lock is
 * then taken, and the answer holds only if everything that it was made from still says the same; else `decide` runs once
 * more, now under the lock. So of several changes at once each sees what the others wrote.
 *
 * Written are history, lock, manifest and other files, in this order, each as a whole; then the routes, once. What fails
 * is undone. Throws `busy` after `lock.timeout`, naming who holds the folder, and what `decide` throws.
 */
export async function changeFolder<T>(
  ctx: Context,
  changing: FolderChanging,
  decide: (view: FolderView) => Promise<FolderChange<T>>,
): Promise<ChangedFolder<T>> {
  const ahead = await decideAhead(ctx, decide);
  let folders = foldersOf(changing, ahead?.change);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const purpose = `changing ${changing.folder} (polyenv ${changing.verb})`;
    const done = await withFolderLocks(ctx, { folders, purpose }, async () => {
      // guard: change-decided-under-lock
      const stands = ahead !== undefined && (await ahead.view.stands());
      const change = stands ? ahead.change : await decide(new FolderView(ctx));
      const wanted = foldersOf(changing, change);
      if (wanted.some((folder) => !folders.includes(folder))) {
        folders = wanted;
        return undefined;
      }
      return write(ctx, changing, change);
    });
    if (done === undefined) continue;
    await sweepLeftovers(ctx);
    return done;
  }
  throw new PolyenvError('busy', `${changing.folder} is being changed by others again and again`, {
    where: { file: changing.folder },
    hint: `polyenv ${changing.verb}, once they are done`,
  });
}

interface Ahead<T> {
  readonly view: FolderView;
  readonly change: FolderChange<T>;
}

/** The answer without the lock; `undefined` where it failed on what somebody else is just changing. */
async function decideAhead<T>(
  ctx: Context,
  decide: (view: FolderView) => Promise<FolderChange<T>>,
): Promise<Ahead<T> | undefined> {
  const view = new FolderView(ctx);
  try {
    return { view, change: await decide(view) };
  } catch (error) {
    if (await view.stands()) throw error;
    return undefined;
  }
}

function foldersOf<T>({ folder }: FolderChanging, change: FolderChange<T> | undefined): readonly string[] {
  return [...new Set([folder, ...(change?.files ?? []).map((file) => file.folder)])];
}

interface Written extends FileChange {
  readonly before: string | undefined;
}

async function write<T>(
  ctx: Context,
  { folder, routes }: FolderChanging,
  change: FolderChange<T>,
): Promise<ChangedFolder<T>> {
  const files = await differing(change.files);
  const kept = files.filter(isInHistory);
  const recorded = [...new Set(kept.map((file) => file.folder))];
  const snapshots = change.history === 'keep' ? [] : await Promise.all(recorded.map((one) => recordHistory(ctx, one)));
  const written: Written[] = [];
  try {
    for (const file of files) {
      written.push(file);
      await put(file, file.text);
    }
    const environment = await route(ctx, { folder, routes, files, also: change.also ?? [] });
    for (const one of recorded) {
      await recordOutcome(ctx, one);
      if ((change.history ?? 'record') === 'record') await forgetUndone(ctx, one);
    }
    await change.settle?.();
    for (const { message, where, hint } of environment.misfits ?? []) {
      ctx.emit({ type: 'warning', text: `${where}: ${message}`, hint });
    }
    return {
      result: change.result,
      wrote: files.filter(({ text }) => text !== undefined).map(({ path }) => path),
      removed: files.filter(({ text }) => text === undefined).map(({ path }) => path),
      environment,
    };
  } catch (error) {
    await undo(written);
    for (const snapshot of snapshots) if (snapshot !== undefined) await forgetSnapshot(ctx, snapshot).catch(ignore);
    throw error;
  }
}

/** Compiles each folder that the change touches, the one in question last, so that it finds the others done. */
async function route(
  ctx: Context,
  of: Pick<FolderChanging, 'folder' | 'routes'> & {
    readonly files: readonly FileChange[];
    readonly also: readonly string[];
  },
): Promise<Environment> {
  const prepare = (ctx: Context, folder: string) => prepareFolder(ctx, folder, of.routes === 'keep' ? 'keep' : 'anew');
  const compile = of.routes === 'compile' ? compileFolder : prepare;
  const others = new Set([...of.files.map((file) => file.folder), ...of.also]);
  others.delete(of.folder);
  for (const other of others) await compile(ctx, other);
  await keepDefaults(ctx);
  return compile(ctx, of.folder);
}

/** What differs from what stands there, in the order in which it is written. */
async function differing(files: readonly FileChange[]): Promise<readonly Written[]> {
  const read = await Promise.all(files.map(async (file) => ({ ...file, before: await readTextIfAny(file.path) })));
  return read.filter(({ text, before }) => text !== before).toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** A lock entry that no manifest asks for is ignored, so the lock comes first. */
function rankOf({ path }: FileChange): number {
  return basename(path) === LOCKFILE_NAME ? 0 : MANIFEST_NAMES.some((name) => name === basename(path)) ? 1 : 2;
}

function isInHistory({ path, folder }: FileChange): boolean {
  return dirname(path) === folder && [LOCKFILE_NAME, 'polyenv.toml'].includes(basename(path));
}

async function put({ path }: FileChange, text: string | undefined): Promise<void> {
  if (text === undefined) return rm(path, { force: true });
  await ensureFolder(dirname(path));
  await writeAtomic(path, text);
}

/** The first failure is the one to report: what cannot be undone either must not hide it. */
async function undo(written: readonly Written[]): Promise<void> {
  for (const file of written.toReversed()) await put(file, file.before).catch(ignore);
}

function ignore(): void {}
