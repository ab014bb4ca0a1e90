import { matchesPathGlob, normalPath } from '../../formats/path-globs';
import type { Document } from '../../runtime/runtime';

/** A file of the same name in a folder above. */
export interface Above {
  readonly document: Document;
  /** From its folder to that of the file that was begun with: `crates/a`. */
  readonly way: string;
}

/** The files of that name above the document's folder, the nearest first, as far up as the document may look. */
export function* filesAbove(document: Document, name: string): Generator<Above> {
  const folders = document.path.split('/').slice(1, -1);
  for (let up = 1; up <= folders.length; up++) {
    const found = document.sibling(`${'../'.repeat(up)}${name}`);
    if (found !== undefined) yield { document: found, way: folders.slice(folders.length - up).join('/') };
  }
}

/** Whether one of the globs means the folder; what is no text, or leads out of the workspace, means none. */
export function names(globs: unknown, way: string): boolean {
  if (!Array.isArray(globs)) return false;
  return (globs as readonly unknown[]).some((glob) => {
    const normal = typeof glob === 'string' ? normalPath(glob) : undefined;
    return normal !== undefined && matchesPathGlob(normal, way);
  });
}

/** Whether one of the paths is the folder, or above it. */
export function holds(paths: unknown, way: string): boolean {
  if (!Array.isArray(paths)) return false;
  return (paths as readonly unknown[]).some((path) => {
    const normal = typeof path === 'string' ? normalPath(path) : undefined;
    return normal !== undefined && normal !== '' && `${way}/`.startsWith(`${normal}/`);
  });
}
