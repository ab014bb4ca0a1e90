import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Shared by design: caches of the tools, addressed by content. Below the person's home. */
const CACHES = ['.cache', '.cargo', '.m2', '.npm', 'go', '.config/go', '.local/share/virtualenv'];
const DEPTH = 5;

/** The person's files, five levels deep and without the caches, each with what changes when it is written: size and time. */
export function lookAtHome(): ReadonlyMap<string, string> {
  const home = homedir();
  const seen = new Map<string, string>();
  const walk = (folder: string, depth: number): void => {
    for (const entry of entriesOf(join(home, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (CACHES.includes(path)) continue;
      const isFolder = entry.isDirectory();
      seen.set(path, isFolder ? 'folder' : factsOf(join(home, path)));
      if (isFolder && depth < DEPTH) walk(path, depth + 1);
    }
  };
  walk('', 1);
  return seen;
}

/** Paths below the home that appeared, went or were written between two looks. */
export function changedBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((path) => before.get(path) !== after.get(path)).sort();
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function factsOf(path: string): string {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  return facts === undefined ? '' : `${facts.size} ${facts.mtimeMs}`;
}
