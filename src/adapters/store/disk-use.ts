import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '../files/fs';
import { isMissing } from '../files/fs-errors';

/** Counts bytes on disk; a file with several names counts where it is met first, so that sums over folders hold. */
export interface DiskMeter {
  /** Of a file or of a folder with all below it, links not followed. 0 for what is not there. */
  measure(path: string): Promise<number>;
}

export function openDiskMeter(): DiskMeter {
  const counted = new Set<string>();
  return {
    measure: async (path) => {
      let bytes = 0;
      const waiting = [path];
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const found = await lstatIfAny(next);
        if (found === undefined) continue;
        const isNew = found.nlink < 2 || found.isDirectory() || !counted.has(`${found.dev}:${found.ino}`);
        if (found.nlink > 1 && !found.isDirectory()) counted.add(`${found.dev}:${found.ino}`);
        if (isNew) bytes += found.blocks === undefined ? found.size : found.blocks * BLOCK;
        if (found.isDirectory()) for (const name of await namesIn(next)) waiting.push(join(next, name));
      }
      return bytes;
    },
  };
}

/** Of `st_blocks`, whatever the file system's own are: https://man7.org/linux/man-pages/man3/stat.3type.html */
const BLOCK = 512;

async function lstatIfAny(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
