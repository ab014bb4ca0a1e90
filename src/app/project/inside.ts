import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Whether the folder, followed through links, is the base or lies below it; one that does not exist yet lies where it says. */
export function isInside(base: string, folder: string): boolean {
  const path = join(base, folder);
  let real = path;
  try {
    real = realpathSync(path);
  } catch {
    return path === base || path.startsWith(base + sep);
  }
  const root = realpathSync(base);
  return real === root || real.startsWith(root + sep);
}
