import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredFile } from './store';

/**
 * The files of a staged tree after programs of its own added to it: what they made or changed since `since` (milliseconds) is
 * hashed and made read-only, what they took away is gone from the list. What is neither file nor folder is removed.
 */
export function finishedFiles(root: string, files: readonly StoredFile[], since: number): readonly StoredFile[] {
  const recorded = new Map(files.map((file) => [file.path, file]));
  const found: StoredFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        visit(path);
        continue;
      }
      const known = recorded.get(path);
      const at = join(root, path);
      if (!entry.isFile()) {
        if (known?.link !== undefined) found.push(known);
        else rmSync(at);
        continue;
      }
      const { mtimeMs, mode } = lstatSync(at);
      if (known !== undefined && known.link === undefined && mtimeMs < since - CLOCK_TICK) found.push(known);
      else found.push(hashed(at, path, (mode & 0o111) === 0 ? 0o444 : 0o555));
    }
  };
  visit('');
  return found;
}

/** A file's time may lie behind the clock by so many milliseconds. */
const CLOCK_TICK = 20;

function hashed(at: string, path: string, mode: number): StoredFile {
  const content = readFileSync(at);
  chmodSync(at, mode);
  return { path, mode, size: content.length, digest: createHash('sha256').update(content).digest('hex') };
}
