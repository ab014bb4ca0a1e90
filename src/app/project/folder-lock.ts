import { createHash } from 'node:crypto';
import { realPathOr } from '../../adapters/files/real-path';
import { withLock } from '../../adapters/home/lock';
import type { Context } from '../base/context';

export interface FolderLocking {
  /** Absolute; two paths to one folder are one lock. */
  readonly folders: readonly string[];
  /** What the holder does, for those who wait: `changing /home/me/app`. */
  readonly purpose: string;
}

/**
 * Runs the action while no other polyenv of this home changes any of these folders. Throws `busy`, naming the holder,
 * after the setting `lock.timeout`. Not to be nested: the one that waits would wait for itself.
 */
export async function withFolderLocks<T>(
  ctx: Context,
  { folders, purpose }: FolderLocking,
  action: () => Promise<T>,
): Promise<T> {
  const { home, host, settings, emit } = ctx;
  // Everybody takes them in one order, so that no two wait for each other.
  const names = [...new Set(folders.map(lockNameOf))].sort();
  const take = ([name, ...others]: readonly string[]): Promise<T> =>
    name === undefined
      ? action()
      : withLock({ home, host, name, purpose, timeout: settings.lockTimeout, emit }, () => take(others));
  return take(names);
}

function lockNameOf(folder: string): string {
  return `folder.${createHash('sha256').update(realPathOr(folder)).digest('hex').slice(0, 32)}`;
}
