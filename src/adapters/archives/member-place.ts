import type { Recipe } from '../../domain/runtime/artifact';
import { quoted } from '../../domain/words/printable';
import type { Member } from './member';
import { refuse, resolveTarget } from './member-names';
import { globPattern, partsOf } from './recipe-paths';

/** What stands below the root so far, by relative path. */
export interface EntriesSoFar {
  /** Symbolic links with their targets. */
  readonly links: ReadonlyMap<string, string>;
  readonly folders: ReadonlySet<string>;
}

/**
 * Where a member goes, relative to the toolchain's root: the archive's own root is cut off, and what the recipe skips or
 * does not take is `undefined`. Throws `archive-refused` for a member that would go through a link.
 */
export type PlaceOf = (parts: readonly string[], member: Pick<Member, 'name' | 'kind'>) => string | undefined;

export function openPlaces(recipe: Recipe, soFar: EntriesSoFar): PlaceOf {
  const archiveRoot = partsOf(recipe.root);
  /** What `*` in the root stands for: the first folder there. */
  const found: string[] = [];
  const place = partsOf(recipe.place ?? '');
  const skipped = new Set(recipe.skip ?? []);
  const taken = recipe.take?.map(globPattern);

  return (parts, { name, kind }) => {
    const depth = archiveRoot.length;
    const inside = archiveRoot.every((part, index) => {
      const given = parts[index];
      if (given === undefined || part !== '*') return given === undefined || given === part;
      // A file beside the one folder, as macOS leaves them, is not part of it.
      if (parts.length === index + 1 && kind !== 'folder') return false;
      found[index] ??= given;
      return found[index] === given;
    });
    if (!inside || parts.length < depth) {
      // The root, or a folder above it, must be a folder.
      if (inside && kind !== 'folder') refuse(name, 'stands where a folder must be');
      return undefined;
    }
    if (parts.length === depth) {
      if (kind !== 'folder') refuse(name, 'stands where a folder must be');
      return place.join('/');
    }
    if (skipped.has(parts[depth] ?? '')) return undefined;
    if (taken !== undefined && !taken.some((pattern) => pattern.test(parts.slice(depth).join('/')))) return undefined;
    const wanted = [...place, ...parts.slice(depth)];
    const path = wanted.join('/');
    // A folder that this writer made is a folder, whatever links were read since.
    const above = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return soFar.links.size === 0 || soFar.folders.has(above) ? path : throughLink(soFar, wanted, name);
  };
}

/**
 * A member may name its folder by one link to a folder of the same archive, as tar would write it; not by a chain of
 * them, and not by a link to a folder above itself.
 */
function throughLink({ links, folders }: EntriesSoFar, parts: readonly string[], name: string): string {
  for (let count = 1; count < parts.length; count += 1) {
    const prefix = parts.slice(0, count).join('/');
    const target = links.get(prefix);
    if (target === undefined) continue;
    const real = resolveTarget(parts.slice(0, count - 1), target)?.join('/') ?? '';
    const above = real === '' || `${prefix}/`.startsWith(`${real}/`);
    // guard: link-through
    if (above || !folders.has(real)) refuse(name, `goes through the link ${quoted(prefix)}`);
    const rest = [...real.split('/'), ...parts.slice(count)];
    for (let index = 1; index < rest.length; index += 1) {
      // guard: link-chain
      if (links.has(rest.slice(0, index).join('/'))) refuse(name, `goes through the link ${quoted(prefix)}`);
    }
    return rest.join('/');
  }
  return parts.join('/');
}
