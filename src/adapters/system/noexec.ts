import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { errorCode } from '../files/fs-errors';

/** What helps then. */
export const NOEXEC_HINT = 'set POLYENV_HOME to a folder on another file system, or have it mounted with exec';

/** Whether the system refuses to start a program that everybody may start: its file system is mounted `noexec`. */
export function isNoexec(file: string): boolean {
  let found: Stats;
  try {
    found = statSync(file);
  } catch {
    return false;
  }
  if ((found.mode & 0o111) !== 0o111) return false;
  try {
    accessSync(file, constants.X_OK);
    return false;
  } catch (error) {
    return errorCode(error) === 'EACCES';
  }
}
