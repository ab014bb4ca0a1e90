import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProjectNames, type ProjectNames } from '../../domain/gateway/name-table';
import { ensureFolder, namesIn, removeTree } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';

/** One file a project: what a gateway serves, and what a second project may not claim. */
export function namesFolder(home: Home): string {
  return join(home.gateway, 'names');
}

export interface StoredNames {
  readonly projects: readonly ProjectNames[];
  /** Files that cannot be read, or are of a newer polyenv. */
  readonly damaged: readonly string[];
}

/** In the order in which they were first written. A project whose folder is gone is not among them. */
export async function readAllNames(home: Home): Promise<StoredNames> {
  const folder = namesFolder(home);
  const found: { readonly names: ProjectNames; readonly age: number }[] = [];
  const damaged: string[] = [];
  for (const name of await namesIn(folder)) {
    if (!/^[0-9a-f]{16}\.json$/.test(name)) continue;
    const file = join(folder, name);
    try {
      const names = decodeProjectNames(JSON.parse(await readFile(file, 'utf8')));
      if (statSync(names.project, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
      found.push({ names, age: statSync(file).birthtimeMs });
    } catch (error) {
      if (!isMissing(error)) damaged.push(file);
    }
  }
  return { projects: found.toSorted((a, b) => a.age - b.age).map(({ names }) => names), damaged };
}

export async function writeNames(home: Home, names: ProjectNames): Promise<void> {
  await ensureFolder(namesFolder(home));
  await writeAtomic(namesFile(home, names.project), `${JSON.stringify(names, undefined, 2)}\n`, { mode: 0o600 });
}

export async function removeNames(home: Home, project: string): Promise<void> {
  await removeTree(namesFile(home, project));
}

export function namesFile(home: Home, project: string): string {
  return join(namesFolder(home), `${createHash('sha256').update(project).digest('hex').slice(0, 16)}.json`);
}
