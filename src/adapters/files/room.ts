import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { translateFsError } from './fs-errors';

/** Throws `home-unwritable` if nothing can be made in the folder, or in the nearest one above it that exists: before a download, not after. */
export function refuseUnwritable(folder: string): void {
  const place = nearest(folder);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw translateFsError(error, place) ?? error;
  }
}

/** Throws `disk-full` where that many bytes are not free. A file system that does not say how much is free is believed. */
export function refuseFull(folder: string, bytes: number, what: string): void {
  let free: number;
  try {
    const { bavail, bsize } = statfsSync(nearest(folder));
    free = bavail * bsize;
  } catch {
    return;
  }
  if (free >= bytes) return;
  throw new PolyenvError('disk-full', `${what} needs ${megabytes(bytes)}, and ${megabytes(free)} are free`, {
    where: { file: folder },
    hint: 'polyenv size shows what polyenv holds; df -h shows the disk',
  });
}

function nearest(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearest(dirname(folder));
}

/** What is needed, rounded up. */
export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
