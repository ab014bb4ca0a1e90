import compare from 'semver/functions/compare';
import valid from 'semver/functions/valid';
import type { PlatformKey } from '../runtime/platform';

/**
 * Where releases of polyenv are, each in a folder of its version, beside a file `latest` that names the newest. No server
 * has them yet: the setting `update.url` names one.
 */
export const RELEASE_BASE = 'https://polyenv.invalid/releases';

export const SUMS = 'SHA256SUMS';

export interface ReleasePlaces {
  readonly sums: string;
  readonly signature: string;
  readonly archive: string;
  /** The archive's name in the list of checksums. */
  readonly name: string;
}

/** The archive of a version for one platform, with its own Node inside. */
export function archiveName(version: string, platform: PlatformKey, format: 'tar.gz' | 'tar.xz' = 'tar.gz'): string {
  return `${topFolder(version, platform)}.${format}`;
}

/** The one folder in it. */
export function topFolder(version: string, platform: PlatformKey): string {
  return `polyenv-${version}-${platform}`;
}

export function releasePlaces(base: string, version: string, platform: PlatformKey): ReleasePlaces {
  const folder = `${base.replace(/\/+$/, '')}/${version}`;
  const name = archiveName(version, platform);
  return { sums: `${folder}/${SUMS}`, signature: `${folder}/${SUMS}.asc`, archive: `${folder}/${name}`, name };
}

/** A version of polyenv as its releases are called: no `v`, no blanks, nothing that could be a path. */
export function isOwnVersion(text: string): boolean {
  return text.length <= 64 && valid(text) === text;
}

/** Below zero if `a` is older than `b`. */
export function compareOwn(a: string, b: string): number {
  return compare(a, b);
}
