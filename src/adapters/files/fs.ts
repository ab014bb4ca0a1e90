import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { lstat, mkdir, open, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';
import { errorCode, isMissing, translateFsError } from './fs-errors';

/**
 * The file's text, or `undefined` if nothing readable as a file is there (missing, or a pipe, which would block for
 * ever). A byte order mark stays. Other failures are thrown as they are.
 */
export async function readTextIfAny(path: string): Promise<string | undefined> {
  // At once: such a file is small, and four ways to another thread take longer than reading it.
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const found = fstatSync(file);
    return found.isFIFO() || found.isSocket() ? undefined : readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Makes the folder and those above it; group and others may not write. Throws `disk-full`, `home-unwritable`, `path-refused`. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await makeFolders(path, 0o755);
  } catch (error) {
    throw (
      translateFsError(error, path) ??
      new PolyenvError('home-unwritable', `the folder ${path} cannot be made (${errorCode(error)})`, {
        hint: `see what stands in its way: ls -ld ${quoteSh(dirname(path))}`,
        cause: error,
      })
    );
  }
}

/** Makes the file, empty, where none is. Throws `disk-full` and `home-unwritable`. */
export async function ensureFile(path: string): Promise<void> {
  try {
    await (await open(path, 'a')).close();
  } catch (error) {
    throw translateFsError(error, path) ?? error;
  }
}

/**
 * Makes the folder and those above it, and says which was the first; `undefined` if all were there. One at a time: where Node makes
 * several at once, it tells a full file system as a missing one, and asks for ever below /proc. Throws what the system says.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<string | undefined> {
  try {
    return await makeOne(path, mode);
  } catch (error) {
    const above = dirname(path);
    if (!isMissing(error) || above === path) throw error;
    const first = await makeFolders(above, mode);
    const made = await makeOne(path, mode);
    return first ?? made;
  }
}

async function makeOne(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    throw error;
  }
}

/** What a folder holds; nothing if it is not there. Other failures are thrown as they are. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** What a folder holds that may be looked into, in order; else nothing. */
export function sortedNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The same, each as a path. */
export function childrenOf(folder: string): readonly string[] {
  return sortedNames(folder).map((name) => join(folder, name));
}

/**
 * Removes a file, a link (never what it leads to) or a whole folder, also one whose folders are read-only. What is
 * missing is no error. Throws `home-unwritable`.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    const found = await lstatIfAny(path);
    if (found === undefined) return;
    if (!found.isDirectory()) return unlinkIfAny(path);
    await removeFolder(path, found.mode);
  } catch (error) {
    throw translateFsError(error, path) ?? error;
  }
}

/** Takes the folder away if it is empty, then the one that holds it, and so on up to `end`, which stays. */
export async function removeEmptyFolders(folder: string, end: string): Promise<void> {
  for (let path = folder; path.startsWith(`${end}/`); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (isMissing(error)) continue;
      return;
    }
  }
}

/** What is there, links followed; `undefined` where nothing is. */
export async function statIfAny(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** The same for the link itself. */
export async function lstatIfAny(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** Files are unlinked synchronously, which is faster for many; after each folder other work gets its turn. */
async function removeFolder(path: string, mode: number): Promise<void> {
  if ((mode & 0o700) !== 0o700) chmodSync(path, 0o700);
  // Another process may still add to it: then once more, a few times.
  for (let round = 0; ; round += 1) {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (!entry.isDirectory()) {
        unlinkIfAny(inner);
        continue;
      }
      const found = lstatSync(inner, { throwIfNoEntry: false });
      if (found?.isDirectory() === true) await removeFolder(inner, found.mode);
      else unlinkIfAny(inner);
    }
    try {
      return rmdirSync(path);
    } catch (error) {
      if (isMissing(error)) return;
      if (errorCode(error) !== 'ENOTEMPTY' || round >= 4) throw error;
    }
    await new Promise((resume) => setImmediate(resume));
  }
}

/** Unlinks a file; that none is there is no error. */
export function unlinkIfAny(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
