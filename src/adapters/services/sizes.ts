import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../files/fs';

/** Bytes that the files below a folder take on disk; `undefined` where it may not be read or is not there. */
export async function bytesBelow(folder: string): Promise<number | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const sizes = await Promise.all(
      entries.map(async (entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return (await bytesBelow(path)) ?? 0;
        return stat(path).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        );
      }),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}
