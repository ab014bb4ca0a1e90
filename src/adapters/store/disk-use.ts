import { chmodSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files/fs';
import { translateFsError } from '../files/fs-errors';

/** Counts bytes on disk; a file with several names counts where it is met first, so that sums over folders hold. */
export interface DiskMeter {
  /** Of a file or of a folder with all below it, links not followed. 0 for what is not there. */
  measure(path: string): Promise<number>;
}

/**
 * Makes an unpacked tree read-only, and says its bytes on disk: its files were written read-only, so only folders lose their write
 * bits. The root's own folder stays writable, because a folder that its owner cannot write cannot be moved; whoever moves it takes
 * that bit. A write bit that comes back after a power cut is no loss.
 */
export async function closeTree(root: string): Promise<number> {
  try {
    return await meterOf((folder, mode) => {
      if (folder !== root) chmodSync(folder, mode & 0o555);
    }).measure(root);
  } catch (error) {
    throw translateFsError(error, root) ?? error;
  }
}

export function openDiskMeter(): DiskMeter {
  return meterOf(() => undefined);
}

function meterOf(seen: (folder: string, mode: number) => void): DiskMeter {
  const counted = new Set<string>();
  return {
    measure: async (path) => {
      let bytes = 0;
      const waiting = [path];
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const found = lstatSync(next, { throwIfNoEntry: false });
        if (found === undefined) continue;
        const isNew = found.nlink < 2 || found.isDirectory() || !counted.has(`${found.dev}:${found.ino}`);
        if (found.nlink > 1 && !found.isDirectory()) counted.add(`${found.dev}:${found.ino}`);
        if (isNew) bytes += found.blocks === undefined ? found.size : found.blocks * BLOCK;
        if (!found.isDirectory()) continue;
        seen(next, found.mode);
        for (const name of await namesIn(next)) waiting.push(join(next, name));
      }
      return bytes;
    },
  };
}

/** Of `st_blocks`, whatever the file system's own are: https://man7.org/linux/man-pages/man3/stat.3type.html */
const BLOCK = 512;
