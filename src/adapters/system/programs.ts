import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Host } from '../../host';
import { realPathOr } from '../files/real-path';
import type { Home } from '../home/paths';

/** The programs of that name on the person's PATH, in order, without anything that polyenv put there. Absolute, links unresolved. */
export function findPrograms(host: Host, home: Home, name: string): readonly string[] {
  const folders = (host.env.PATH ?? '').split(delimiter).filter(isAbsolute);
  const own = realPathOr(home.root);
  return [...new Set(folders)]
    .filter((folder) => !isBelow(folder, home.root) && !isBelow(realPathOr(folder), own))
    .map((folder) => join(folder, name))
    .filter(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(join(folder, '/'));
}
