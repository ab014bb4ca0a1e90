import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';

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

/**
 * Replaces the file as a whole: after a crash or a power cut it holds the old content or the new. A symbolic link stays
 * and the file it leads to is replaced; an existing file keeps its mode, and its owner where we may give that. `mode`
 * (default 0644) is for a new file, lessened by the umask. Throws `disk-full` and `home-unwritable`.
 */
export async function writeAtomic(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  try {
    const target = await followLinks(path);
    const before = await statIfAny(target);
    const temporary = temporaryBeside(target);
    try {
      const file = await open(temporary, NEW_FILE, options.mode ?? before?.mode ?? 0o644);
      await closingAfter(file, async () => {
        await file.writeFile(content);
        if (before !== undefined) await keepOwnerAndMode(file, before, options.mode);
        await syncFile(file);
      });
      await rename(temporary, target);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    const folder = dirname(target);
    await syncFolder(folder);
    sweepTemporaries(folder);
  } catch (error) {
    throw translateFsError(error, path) ?? error;
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

/** Whether the error says that there is nothing of that name. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The system's code of an error (`ENOENT`), or `undefined`. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code !== 'string') return undefined;
  const unnamed = UNNAMED.exec(code)?.[1];
  return unnamed === undefined ? code : (nameOf(Number(unnamed)) ?? code);
}

/** How Node calls what libuv has no name for, a used up quota (EDQUOT) above all. */
const UNNAMED = /^Unknown system error -(\d+)$/;

function nameOf(number: number): string | undefined {
  return Object.entries(system.errno).find(([, value]) => value === number)?.[0];
}

/** `disk-full`, `home-unwritable` or `path-refused`, naming the path, for the errors of the system that mean that; else `undefined`. */
export function translateFsError(error: unknown, path: string): PolyenvError | undefined {
  if (error instanceof PolyenvError) return error;
  const code = errorCode(error) ?? '';
  const lacking = NEEDED[(error as { readonly syscall?: string } | undefined)?.syscall ?? ''];
  if (lacking !== undefined && (code === 'EPERM' || UNSUPPORTED.includes(code))) {
    return new PolyenvError('home-unwritable', `the file system of ${path} has no ${lacking}, which toolchains need`, {
      hint: 'set POLYENV_HOME to a folder of your own on a disk of this system',
      cause: error,
    });
  }
  switch (code) {
    case 'ENOSPC':
      return new PolyenvError('disk-full', `no space (or no inode) is left for ${path}`, {
        hint: 'polyenv size shows what polyenv holds; df -h shows the disk',
        cause: error,
      });
    case 'EDQUOT':
      return new PolyenvError('disk-full', `your disk quota is used up: ${path} cannot be written`, {
        hint: 'polyenv size shows what polyenv holds; df -h shows the disk',
        cause: error,
      });
    case 'EIO':
      return new PolyenvError('failed', `the disk failed at ${path}`, {
        hint: "look at the system's log (dmesg), and check that disk or share",
        cause: error,
      });
    case 'ENAMETOOLONG':
      return new PolyenvError('path-refused', `the path is too long for this system: ${path.slice(0, 200)}...`, {
        hint: 'move the project to a shorter path, or set POLYENV_HOME to one',
        cause: error,
      });
    case 'EROFS':
      return new PolyenvError('home-unwritable', `${path} is on a read-only file system`, {
        hint: 'set POLYENV_HOME to a folder that you can write',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new PolyenvError('home-unwritable', `you may not write ${path}`, {
        hint: `see who owns it: ls -ld ${quoteSh(folderOf(path))}`,
        cause: error,
      });
    default:
      return undefined;
  }
}

/** The folder itself, or the nearest one above that is there. */
function folderOf(path: string): string {
  const above = dirname(path);
  return above === path || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path : folderOf(above);
}

/** What a file system says of a call that it does not have. */
const UNSUPPORTED: readonly string[] = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** What a toolchain cannot do without, by the system call that makes it. */
const NEEDED: Readonly<Record<string, string>> = {
  symlink: 'symbolic links',
  chmod: 'file modes that you may set',
  fchmod: 'file modes that you may set',
};

/**
 * Does the work, then closes what it used. After a failure it closes too, and the first error is the one that is
 * reported.
 */
export async function closingAfter<T>(used: { close(): Promise<unknown> }, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await used.close().catch(() => undefined);
    throw error;
  }
  await used.close();
  return result;
}

/** The same for a descriptor. */
export function closingDescriptor<T>(descriptor: number, work: () => T): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    closeQuietly(descriptor);
    throw error;
  }
  closeSync(descriptor);
  return result;
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // What failed before it is the reason.
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  await closingAfter(folder, () => syncFile(folder));
}

/** Makes what was written durable. File systems that promise nothing (some of the network's and of FUSE) are left as they are. */
export async function syncFile(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!cannotSync(error)) throw error;
  }
}

/** The same, at once. */
export function syncDescriptor(descriptor: number): void {
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!cannotSync(error)) throw error;
  }
}

/** Whether a file system says that it has no `fsync`, not that data was lost. */
function cannotSync(error: unknown): boolean {
  return [...UNSUPPORTED, 'EPERM', 'EISDIR', 'EBADF'].includes(errorCode(error) ?? '');
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** The file that a chain of links leads to, itself existing or not; the path if it is no link. */
async function followLinks(path: string): Promise<string> {
  let target = path;
  for (let hop = 0; hop < 40; hop += 1) {
    if ((await lstatIfAny(target))?.isSymbolicLink() !== true) return target;
    target = resolve(dirname(target), await readlink(target));
  }
  throw new PolyenvError('failed', `the symbolic link ${path} leads in a circle`, { where: { file: path } });
}

async function keepOwnerAndMode(file: FileHandle, before: Stats, mode: number | undefined): Promise<void> {
  const made = await file.stat();
  if (made.uid !== before.uid || made.gid !== before.gid) {
    await file.chown(before.uid, before.gid).catch(() => undefined);
  }
  await file.chmod((mode ?? before.mode) & 0o777);
}

async function statIfAny(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

async function lstatIfAny(path: string): Promise<Stats | undefined> {
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

function unlinkIfAny(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** `.polyenv-<process>-<random>.tmp`: the process tells the next writer whether a left-over is dead. */
function temporaryBeside(target: string): string {
  return join(dirname(target), `.polyenv-${ownTag()}-${randomBytes(8).toString('hex')}.tmp`);
}

/** Takes away what a killed writer left in this folder: those of dead processes, and those older than ten minutes. */
function sweepTemporaries(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const owner = /^\.polyenv-([0-9.]+)-[0-9a-f]{16}\.tmp$/.exec(basename(name))?.[1];
      if (owner === undefined) continue;
      const path = join(folder, name);
      const age = Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (isDeadTag(owner) || age > 600_000) unlinkIfAny(path);
    }
  } catch {
    // The write itself has succeeded: a failure to tidy up is ignored.
  }
}

/** Process and its pid namespace (containers share folders, not process ids); `0` where the system does not tell. */
function ownTag(): string {
  tag ??= `${linkOf('/proc/self') ?? '0'}.${namespaceOf('self')}`;
  return tag;
}

let tag: string | undefined;

function isDeadTag(owner: string): boolean {
  const [pid = '0', namespace = '0'] = owner.split('.');
  return namespace !== '0' && namespace === namespaceOf('self') && linkOf(`/proc/${pid}/cwd`) === undefined;
}

function namespaceOf(process: string): string {
  return /\d+/.exec(linkOf(`/proc/${process}/ns/pid`) ?? '')?.[0] ?? '0';
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // A process of another person exists, though its links may not be read.
    return isMissing(error) ? undefined : '';
  }
}
