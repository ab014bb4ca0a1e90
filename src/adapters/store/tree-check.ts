import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../files/fs-errors';
import type { StoredFile } from './store';

/** How a file of a toolchain is not what was installed. */
export interface TreeFault {
  /** Relative to the toolchain's root. */
  readonly path: string;
  readonly kind: 'missing' | 'extra' | 'bytecode' | 'type' | 'size' | 'mode' | 'target' | 'content';
}

/**
 * Compares a tree with the list that was recorded when it was unpacked: presence, type, size, mode, link targets, nothing
 * more and nothing less; `deep` also hashes every file. Follows no link. `bytecode` is what Python keeps beside a recorded
 * source when somebody runs it whom no mode holds back (root): not damage, and not what was installed either.
 */
export async function compareTree(
  root: string,
  files: readonly StoredFile[],
  depth: 'quick' | 'deep',
): Promise<readonly TreeFault[]> {
  const recorded = new Map(files.map((file) => [file.path, file]));
  const faults: TreeFault[] = [];
  const seen = new Set<string>();
  for await (const path of walk(root, '')) {
    seen.add(path);
    const file = recorded.get(path);
    const kind = file === undefined ? extraKind(path, recorded) : await compareFile(join(root, path), file, depth);
    if (kind !== undefined) faults.push({ path, kind });
  }
  for (const path of recorded.keys()) if (!seen.has(path)) faults.push({ path, kind: 'missing' });
  return faults.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Paths of everything that is no folder. */
async function* walk(root: string, folder: string): AsyncGenerator<string, void> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, path);
    else yield path;
  }
}

/** Python writes a file under its name and a number first: a process that is killed leaves that. */
function extraKind(path: string, recorded: ReadonlyMap<string, StoredFile>): 'bytecode' | 'extra' {
  const [, folder, name] = /^((?:.*\/)?)__pycache__\/([^/.]+)\.[^/]+\.pyc(?:\.\d+)?$/.exec(path) ?? [];
  return name !== undefined && recorded.has(`${folder}${name}.py`) ? 'bytecode' : 'extra';
}

async function compareFile(
  path: string,
  file: StoredFile,
  depth: 'quick' | 'deep',
): Promise<TreeFault['kind'] | undefined> {
  let found: Stats;
  try {
    found = await lstat(path);
  } catch (error) {
    if (isMissing(error)) return 'missing';
    throw error;
  }
  if (file.link !== undefined) {
    if (!found.isSymbolicLink()) return 'type';
    return (await readlink(path)) === file.link ? undefined : 'target';
  }
  if (!found.isFile()) return 'type';
  if (found.size !== file.size) return 'size';
  if ((found.mode & 0o7777) !== file.mode) return 'mode';
  if (depth === 'quick' || file.digest === undefined) return undefined;
  return (await hashOf(path)) === file.digest ? undefined : 'content';
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
