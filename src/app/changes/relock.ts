import type { Runtime } from '../../domain/runtime/runtime';
import { findAlternatives, type LockEntry, type Lockfile } from '../../domain/toolchain/lockfile';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import type { FolderLock } from '../project/locks';
import type { Decision } from '../project/project';
import { type ResolveOptions, resolveFromSource, resolveFromSources } from '../toolchains/resolve';

export interface Relocking {
  readonly at: FolderLock;
  readonly members: readonly { readonly decision: Decision; readonly runtime: Runtime }[];
}

/** The lock with an entry for every decision, and with `all` an alternative from every source that has the same version. */
export async function lockEntries(
  ctx: Context,
  { at, members }: Relocking,
  options: { readonly sources: 'first' | 'all'; readonly keep: 'keep' | 'renew' },
): Promise<Lockfile> {
  const entries = await Promise.all(
    members.map(async ({ decision, runtime }): Promise<readonly LockEntry[]> => {
      const asked: ResolveOptions = { runtime, request: decision.request, lock: at.lock, folder: decision.folder };
      // An entry that its source would not name itself is not kept: a merge or a stranger may have put it there.
      const known = findAlternatives(at.lock, decision.request).filter(
        (entry) => isOwned(runtime, entry) && saysAllPlatforms(entry),
      );
      const first = options.keep === 'keep' && known[0] !== undefined ? known[0] : await resolveFromSources(ctx, asked);
      if (options.sources === 'first') return known.length > 1 && options.keep === 'keep' ? known : [first];
      return [first, ...(await alternativesOf(ctx, asked, first))];
    }),
  );
  return { entries: entries.flat() };
}

/** What was taken from a store where no source could be reached knows its own platform alone. */
function saysAllPlatforms({ artifacts, gaps }: LockEntry): boolean {
  return artifacts.length > 1 || gaps.length > 0;
}

function isOwned(runtime: Runtime, { version, vendor, variant, source, artifacts, request }: LockEntry): boolean {
  const from = runtime.sources.find(({ id }) => id === source);
  const of = {
    version,
    options: request.options,
    ...present({ vendor, variant }),
  };
  return artifacts.every(({ platform, parts }) =>
    parts.every(({ at }) => from?.owns({ ...of, platform, at }) !== undefined),
  );
}

/** The same version from every other source that has it; what does not is a warning. */
export async function alternativesOf(
  ctx: Context,
  asked: ResolveOptions,
  first: LockEntry,
): Promise<readonly LockEntry[]> {
  const exact = { ...asked.request, version: { kind: 'exact' as const, version: first.version } };
  const others = asked.runtime.sources.filter((source) => source.id !== first.source);
  const found = await Promise.all(
    others.map(async (source): Promise<LockEntry | undefined> => {
      try {
        const entry = await resolveFromSource(ctx, { ...asked, request: exact }, source);
        return { ...entry, request: first.request };
      } catch (error) {
        if (!(error instanceof PolyenvError)) throw error;
        ctx.emit({
          type: 'warning',
          text: `${asked.runtime.id} ${first.version} is not locked from ${source.id}: ${error.message}`,
        });
        return undefined;
      }
    }),
  );
  return found.filter((entry) => entry !== undefined);
}
