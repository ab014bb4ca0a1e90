import { SETTINGS, type Settings } from '../../src/domain/project/settings';

/** The defaults, with some of them changed. */
export function settingsWith(changes: Partial<Settings> = {}): Settings {
  const defaults = Object.fromEntries(SETTINGS.map(({ key, fallback }) => [key, fallback])) as unknown as Settings;
  return { ...defaults, ...changes };
}
