import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sortedNames } from '../files/fs';

/** The folders that exist among the patterns; `*` stands for any text within one component. */
export function discoveredFolders(patterns: readonly string[]): readonly string[] {
  return patterns.flatMap((pattern) =>
    pattern.startsWith('/')
      ? expand(
          '/',
          pattern.split('/').filter((part) => part !== ''),
        )
      : [],
  );
}

/** The files below the folder that exist among the relative patterns; `*` stands for any text within one component, links to folders outside are not followed. */
export function discoveredFiles(folder: string, patterns: readonly string[]): readonly string[] {
  const top = realpathSync(folder);
  const found = new Map<string, string>();
  for (const pattern of patterns) {
    const parts = pattern.split('/');
    const name = parts.pop() ?? '';
    for (const file of expand(folder, parts).map((one) => join(one, name))) {
      const real = isFile(file) ? realpathSync(file) : '';
      // A package manager may link one file under several names.
      if (real.startsWith(`${top}/`) && !found.has(real)) found.set(real, file);
    }
  }
  return [...found.values()];
}

export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function expand(folder: string, [part, ...rest]: readonly string[]): readonly string[] {
  if (part === undefined) return isFolder(folder) ? [folder] : [];
  if (!part.includes('*')) return expand(join(folder, part), rest);
  const pattern = new RegExp(`^${part.split('*').map(escapeRegExp).join('.*')}$`);
  return sortedNames(folder)
    .filter((name) => pattern.test(name))
    .flatMap((name) => expand(join(folder, name), rest));
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
