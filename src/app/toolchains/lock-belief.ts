import type { Part, Recipe } from '../../domain/runtime/artifact';
import type { Source } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { PlatformRelease } from './platform-release';

export interface OwnedPart {
  readonly part: Part;
  readonly recipe: Recipe;
  /** Of the part's smaller packing, where the release names one. */
  readonly smaller?: Recipe;
}

/** How each part becomes files, as its source says anew. Throws `lock-foreign` for what that would not name. */
export function ownedParts(release: PlatformRelease): readonly OwnedPart[] {
  const source = sourceOf(release);
  return release.parts.map((part) => {
    const recipe = source.owns({ ...release, at: part.at });
    // guard: place-owned
    if (recipe === undefined) {
      throw foreign(source, release, part.at);
    }
    const smaller = part.smaller === undefined ? undefined : source.owns({ ...release, at: part.smaller.at });
    // guard: smaller-owned
    if (part.smaller !== undefined && smaller === undefined) throw foreign(source, release, part.smaller.at);
    return { part, recipe, ...present({ smaller }) };
  });
}

function foreign(source: Source, { runtime, version, platform }: PlatformRelease, at: string): PolyenvError {
  return new PolyenvError(
    'lock-foreign',
    `${source.id} would not itself name ${at} for ${runtime.id} ${version} on ${platform}`,
    { hint: 'polyenv lock, if you trust the source; otherwise ask who changed polyenv.lock' },
  );
}

export function sourceOf(release: PlatformRelease): Source {
  const source = release.runtime.sources.find((candidate) => candidate.id === release.source);
  if (source === undefined) {
    throw new PolyenvError('lock-foreign', `${release.runtime.id} has no source ${JSON.stringify(release.source)}`, {
      hint: `its sources: ${release.runtime.sources.map((candidate) => candidate.id).join(', ')}`,
    });
  }
  return source;
}
