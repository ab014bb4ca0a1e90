import { randomBytes } from 'node:crypto';
import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { closingAfter, syncFile, syncFolder } from './durable';
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
