import { PLATFORMS, type PlatformKey } from '../../domain/runtime/platform';
import type { Carried } from '../../domain/team/carried';
import { artifactFor, type LockEntry, type Lockfile } from '../../domain/toolchain/lockfile';
import { present } from '../../domain/words/present';
import { loadRuntime } from '../base/registry';
import { ownedParts } from './lock-belief';
import type { PlatformRelease } from './platform-release';

/** A platform release as a store carries it. Throws `lock-foreign` where its source would not name what it names. */
export function carriedOf(release: PlatformRelease): Carried {
  const { source, version, vendor, variant, platform } = release;
  return {
    tool: release.runtime.id,
    version,
    ...present({ vendor, variant }),
    source,
    platform,
    archives: ownedParts(release).map(({ part, recipe }) => ({ part, format: recipe.format })),
  };
}

/** What a lock's entry means on a platform; `undefined` where it is a gap. */
export async function lockedRelease(entry: LockEntry, platform: PlatformKey): Promise<PlatformRelease | undefined> {
  const artifact = artifactFor(entry, platform);
  if (artifact === undefined) return undefined;
  const { source, version, vendor, variant, request } = entry;
  return {
    runtime: await loadRuntime(entry.tool),
    source,
    version,
    ...present({ vendor, variant }),
    options: request.options,
    platform,
    parts: artifact.parts,
    locked: true,
  };
}

/** Everything that a lock names, for every platform. */
export async function carriedByLock(lock: Lockfile): Promise<readonly Carried[]> {
  const releases = await Promise.all(
    lock.entries.flatMap((entry) => PLATFORMS.map((platform) => lockedRelease(entry, platform))),
  );
  return releases.flatMap((release) => (release === undefined ? [] : [carriedOf(release)]));
}
