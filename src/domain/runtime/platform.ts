/** Operating system, processor and, on Linux, the C library: the key of an artifact in the lock. glibc is the unmarked case. */
export const PLATFORMS = [
  'linux-x64',
  'linux-arm64',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'windows-x64',
  'windows-arm64',
] as const;

export type PlatformKey = (typeof PLATFORMS)[number];

export function isPlatformKey(text: string): text is PlatformKey {
  return (PLATFORMS as readonly string[]).includes(text);
}

export interface Platform {
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'x64' | 'arm64';
  readonly libc?: 'gnu' | 'musl';
}

export function platformOf(key: PlatformKey): Platform {
  const [os, arch, musl] = key.split('-') as [Platform['os'], Platform['arch'], string | undefined];
  return os === 'linux' ? { os, arch, libc: musl === 'musl' ? 'musl' : 'gnu' } : { os, arch };
}
