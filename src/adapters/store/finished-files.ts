import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredFile } from './store';

/**
 * The files of a staged tree after programs of its own added to it: what is new, and what of `replaced` is still there, is
 * hashed and made read-only. What is neither file nor folder is removed.
 */
export function finishedFiles(
  root: string,
  files: readonly StoredFile[],
  replaced: RegExp | undefined,
): readonly StoredFile[] {
  const recorded = new Map(files.map((file) => [file.path, file]));
  const found: StoredFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const known = recorded.get(path);
      if (entry.isDirectory()) visit(path);
      else if (known !== undefined && replaced?.test(path) !== true) found.push(known);
      else if (entry.isFile()) found.push(hashed(join(root, path), path));
      else rmSync(join(root, path));
    }
  };
  visit('');
  return found;
}

function hashed(at: string, path: string): StoredFile {
  const content = readFileSync(at);
  const mode = (lstatSync(at).mode & 0o111) === 0 ? 0o444 : 0o555;
  chmodSync(at, mode);
  return { path, mode, size: content.length, digest: createHash('sha256').update(content).digest('hex') };
}
