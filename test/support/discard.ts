import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Deletes a tree, read-only folders of a store included: only root can delete from those as they are. */
export function discard(path: string): void {
  makeWritable(path);
  rmSync(path, { recursive: true, force: true, maxRetries: 2 });
}

function makeWritable(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) return;
  if ((found.mode & 0o700) !== 0o700) chmodSync(path, found.mode | 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) makeWritable(join(path, entry.name));
}
