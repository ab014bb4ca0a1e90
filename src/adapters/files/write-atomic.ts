import { randomBytes } from 'node:crypto';
import {
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { closingDescriptor, syncDescriptor } from './durable';
import { lstatIfAny, statIfAny, unlinkIfAny } from './fs';
import { isMissing, translateFsError } from './fs-errors';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

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
    await replace(target, content, options.mode);
    const folder = dirname(target);
    syncNames(folder);
    sweepTemporaries(folder);
  } catch (error) {
    throw translateFsError(error, path) ?? error;
  }
}

/** The same for many files of one folder, by their names: each is whole at any time, and the folder is made durable once. */
export async function writeAllAtomic(
  folder: string,
  files: ReadonlyMap<string, string>,
  options: { readonly mode?: number } = {},
): Promise<void> {
  if (files.size === 0) return;
  for (const [name, content] of files) {
    const path = join(folder, name);
    try {
      await replace(await followLinks(path), content, options.mode);
    } catch (error) {
      throw translateFsError(error, path) ?? error;
    }
  }
  try {
    syncNames(folder);
    sweepTemporaries(folder);
  } catch (error) {
    throw translateFsError(error, folder) ?? error;
  }
}

/** At once: eight ways to another thread take ten times as long as what is done there. */
async function replace(target: string, content: string | Uint8Array, mode: number | undefined): Promise<void> {
  const before = await statIfAny(target);
  const temporary = temporaryBeside(target);
  try {
    const file = openSync(temporary, NEW_FILE, mode ?? before?.mode ?? 0o644);
    closingDescriptor(file, () => {
      writeFileSync(file, content);
      if (before !== undefined) keepOwnerAndMode(file, before, mode);
      syncDescriptor(file);
    });
    renameSync(temporary, target);
  } catch (error) {
    // The first failure is the one to report.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

function syncNames(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY);
  closingDescriptor(descriptor, () => syncDescriptor(descriptor));
}

/** The file that a chain of links leads to, itself existing or not; the path if it is no link. */
async function followLinks(path: string): Promise<string> {
  let target = path;
  for (let hop = 0; hop < 40; hop += 1) {
    if ((await lstatIfAny(target))?.isSymbolicLink() !== true) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  throw new PolyenvError('failed', `the symbolic link ${path} leads in a circle`, { where: { file: path } });
}

function keepOwnerAndMode(file: number, before: Stats, mode: number | undefined): void {
  const made = fstatSync(file);
  if (made.uid !== before.uid || made.gid !== before.gid) {
    try {
      fchownSync(file, before.uid, before.gid);
    } catch {
      // Only root may give a file away.
    }
  }
  fchmodSync(file, (mode ?? before.mode) & 0o777);
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
      if (isDeadTag(owner) || age > 600000) unlinkIfAny(path);
    }
  } catch {
    // The write itself has succeeded: a failure to tidy up is ignored.
  }
}

let tag: string | undefined;

/** Process and its pid namespace (containers share folders, not process ids); `0` where the system does not tell. */
function ownTag(): string {
  tag ??= `${linkOf('/proc/self') ?? '0'}.${namespaceOf('self')}`;
  return tag;
}

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
