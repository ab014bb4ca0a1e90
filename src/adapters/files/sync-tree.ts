import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { syncDescriptor, syncFolder } from './durable';
import { isMissing, translateFsError } from './fs-errors';

/**
 * All content below the folder is on the disk when this returns. One `syncfs` by coreutils' or busybox's `sync -f` (measured a
 * third of the time of thousands of `fsync`); where there is none, or it takes too long because others write too, file by file.
 */
export async function syncTree(root: string): Promise<void> {
  for (const program of ['/usr/bin/sync', '/bin/sync']) {
    try {
      await promisify(execFile)(program, ['-f', root], { timeout: LONGEST_SYNC, env: {} });
      return;
    } catch {
      // Another program, or file by file.
    }
  }
  try {
    await syncFiles(root);
  } catch (error) {
    throw translateFsError(error, root) ?? error;
  }
}

async function syncFiles(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncFiles(path);
    else if (entry.isFile()) {
      const descriptor = openSync(path, 'r');
      try {
        syncDescriptor(descriptor);
      } catch (error) {
        if (isMissing(error)) continue;
        throw error;
      } finally {
        closeSync(descriptor);
      }
    }
  }
  await syncFolder(folder);
}

/** Milliseconds. */
const LONGEST_SYNC = 20_000;
