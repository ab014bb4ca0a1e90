import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import { translateFsError } from './fs-errors';

/** Throws `home-unwritable` if nothing can be made in the folder, or in the nearest one above it that exists: before a download, not after. */
export function refuseUnwritable(folder: string): void {
  const place = nearestThere(folder);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw translateFsError(error, place) ?? error;
  }
}

/** Throws `disk-full` where that many bytes are not free. A file system that does not say how much is free is believed. */
export function refuseFull(folder: string, bytes: number, what: string): void {
  const free = freeAt(folder);
  if (free === undefined || free >= bytes) return;
  throw new PolyenvError('disk-full', `${what} needs ${megabytes(bytes)}, and ${megabytes(free)} are free`, {
    full: folder,
    where: { file: folder },
    hint: 'polyenv size shows what polyenv holds; df -h shows the disk',
  });
}

/** Bytes that are free there, or where it would be made; `undefined` where the file system does not say. */
export function freeAt(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(nearestThere(path));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Whether both are, or would be made, on the same file system; those that cannot be looked at count as on one. */
export function onOneDisk(a: string, b: string): boolean {
  try {
    return statSync(nearestThere(a)).dev === statSync(nearestThere(b)).dev;
  } catch {
    return true;
  }
}

/** The path itself, or the nearest above it that exists. */
export function nearestThere(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearestThere(dirname(folder));
}

/** What is needed, rounded up. */
export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
