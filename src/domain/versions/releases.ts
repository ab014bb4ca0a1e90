import type { Release } from './release';
import type { VersionScheme } from './scheme';

/** Sorted for `Source.releases`; of one version and build only the first is kept. */
export function newestFirst(scheme: VersionScheme, releases: readonly Release[]): readonly Release[] {
  const kept = new Map<string, Release>();
  for (const release of releases) {
    const key = [release.version, release.vendor, release.variant].join('\0');
    if (!kept.has(key)) kept.set(key, release);
  }
  return [...kept.values()].sort((a, b) => scheme.compare(b.version, a.version));
}
