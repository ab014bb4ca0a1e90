import { statSync } from 'node:fs';
import { constants as system } from 'node:os';
import { dirname } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';

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
        full: path,
        hint: 'polyenv size shows what polyenv holds; df -h shows the disk',
        cause: error,
      });
    case 'EDQUOT':
      return new PolyenvError('disk-full', `your disk quota is used up: ${path} cannot be written`, {
        full: path,
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
export const UNSUPPORTED: readonly string[] = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** What a toolchain cannot do without, by the system call that makes it. */
const NEEDED: Readonly<Record<string, string>> = {
  symlink: 'symbolic links',
  chmod: 'file modes that you may set',
  fchmod: 'file modes that you may set',
};
