import type { Place } from './layout';
import type { PlatformKey } from './platform';

type Person = Pick<Place, 'personHome' | 'env'>;

/** Where programs keep caches: https://specifications.freedesktop.org/basedir-spec/latest/, and `~/Library/Caches` on macOS. */
export function userCache(platform: PlatformKey, { personHome, env }: Person): string {
  if (platform.startsWith('darwin')) return `${personHome}/Library/Caches`;
  return env.XDG_CACHE_HOME || `${personHome}/.cache`;
}

/** Where programs keep settings, by the same specification; `~/Library/Application Support` on macOS. */
export function userSettings(platform: PlatformKey, { personHome, env }: Person): string {
  if (platform.startsWith('darwin')) return `${personHome}/Library/Application Support`;
  return env.XDG_CONFIG_HOME || `${personHome}/.config`;
}
