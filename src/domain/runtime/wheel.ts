import { PLATFORMS, type PlatformKey, platformOf } from './platform';

/** A wheel's version and platforms by its name, or `undefined` where the name is none of a wheel for any Python. */
export function readWheelName(
  file: string,
  project: string,
): { readonly version: string; readonly platforms: readonly PlatformKey[] } | undefined {
  const [, name = '', version = '', tags = ''] = WHEEL.exec(file) ?? [];
  if (name.toLowerCase().replace(/[-_.]+/g, '-') !== project) return undefined;
  const platforms = tags.split('.').flatMap(platformsOf);
  return { version, platforms: PLATFORMS.filter((platform) => platforms.includes(platform)) };
}

/** Name, version, perhaps a build number, three tags: only the last one counts for what brings a program. */
const WHEEL =
  /^([A-Za-z0-9._]+)-([A-Za-z0-9._!+]+)(?:-\d[A-Za-z0-9_.]*)?-[A-Za-z0-9._]+-[A-Za-z0-9._]+-([A-Za-z0-9._]+)\.whl$/;

const CPUS: Readonly<Record<string, 'x64' | 'arm64'>> = {
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/** https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/ */
function platformsOf(tag: string): readonly PlatformKey[] {
  if (tag === 'any') return PLATFORMS;
  const cpu = Object.keys(CPUS).find((name) => tag.endsWith(`_${name}`));
  const arch = CPUS[cpu ?? ''];
  if (tag === 'macosx_universal2' || /^macosx_\d+_\d+_universal2$/.test(tag)) return ['darwin-x64', 'darwin-arm64'];
  const os = SYSTEMS.find(({ pattern }) => pattern.test(tag));
  return PLATFORMS.filter((key) => {
    const platform = platformOf(key);
    return platform.arch === arch && platform.os === os?.os && (os.libc === undefined || platform.libc === os.libc);
  });
}

const SYSTEMS = [
  { pattern: /^manylinux/, os: 'linux', libc: 'gnu' },
  { pattern: /^musllinux/, os: 'linux', libc: 'musl' },
  { pattern: /^macosx/, os: 'darwin', libc: undefined },
  { pattern: /^win/, os: 'windows', libc: undefined },
] as const;
