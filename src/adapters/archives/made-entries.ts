import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode, translateFsError } from '../files/fs-errors';
import { refuse } from './member-names';

/** The folders, links and second names that a writer makes below a root, by relative path, so that it can take them back. */
export interface MadeEntries {
  /** Another part of the toolchain may have made it. Calls `refuseIt` where something else stands there. */
  folder(path: string, refuseIt: () => never): void;
  link(path: string, target: string): void;
  /**
   * A second name of a file that is written: a hard link, or a copy where the file system has none. `copied` is
   * called before a copy.
   */
  again(from: string, to: string, copied: () => void): void;
  /** Takes away what was made here, and the files of those paths. */
  takeBack(files: readonly string[]): void;
}

export function openMadeEntries(into: string): MadeEntries {
  const folders: string[] = [];
  const links: string[] = [];
  return {
    folder: (path, refuseIt) => {
      const target = join(into, path);
      try {
        mkdirSync(target, 0o755);
        folders.push(path);
        // A umask that keeps ourselves out is not honoured.
        if ((lstatSync(target).mode & 0o700) !== 0o700) chmodSync(target, 0o700);
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw translateFsError(error, target) ?? error;
        // Another part of the toolchain may have made it.
        if (!lstatSync(target).isDirectory()) refuseIt();
      }
    },
    link: (path, target) => {
      const at = join(into, path);
      try {
        symlinkSync(target, at);
        links.push(path);
      } catch (error) {
        if (errorCode(error) === 'EEXIST') refuse(path, 'is already there, or was made by another part');
        throw translateFsError(error, at) ?? error;
      }
    },
    again: (from, to, copied) => {
      const [source, target] = [join(into, from), join(into, to)];
      try {
        try {
          linkSync(source, target);
        } catch (error) {
          if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(errorCode(error) ?? '')) throw error;
          copied();
          copyFileSync(source, target, constants.COPYFILE_EXCL);
        }
      } catch (error) {
        throw translateFsError(error, target) ?? error;
      }
      links.push(to);
    },
    takeBack: (files) => {
      for (const path of [...links, ...files]) rmSync(join(into, path), { force: true });
      for (const path of folders.toReversed()) {
        try {
          rmdirSync(join(into, path));
        } catch {
          // A folder in which another part has files stays.
        }
      }
      links.length = 0;
      folders.length = 0;
    },
  };
}
