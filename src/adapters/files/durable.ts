import { closeSync, constants, fsyncSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode, UNSUPPORTED } from './fs-errors';

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
