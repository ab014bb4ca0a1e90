import type { Release } from '../versions/release';
import { javaScheme } from '../versions/schemes/java';
import { readNumbers } from '../versions/schemes/numbers';
import type { Version } from '../versions/version';
import { present } from '../words/present';
import { type ArchiveFormat, isArchiveFormat, type Url } from './artifact';
import { PLATFORMS, type PlatformKey, platformOf } from './platform';

/**
 * The URL of an archive as its vendor writes it, whole and from `^https:` to `$`. Named groups say what it is: `java` (the version of
 * Java) or `number` (the vendor's, see `versionOf`), `own` (a number by which people ask too) or `behind` (the same, behind the version),
 * `os` and `arch` in any vendor's words, and `image` (`jdk`, `jre`), `jre`, `musl`, `fx`, `crac` where there are such.
 */
export type ArchiveUrl = RegExp;

/** What the URL of an archive says of it. Nothing else that an index claims of a file is believed. */
export interface JdkArchive {
  readonly at: Url;
  /** Without the build, where the name does not say it. */
  readonly version: Version;
  readonly own?: string;
  /** `jre`, `javafx`, `jre-javafx`, `crac`. */
  readonly variant?: string;
  readonly platform: PlatformKey;
  readonly format: ArchiveFormat;
  /** All named groups. */
  readonly groups: Readonly<Record<string, string | undefined>>;
}

export type VersionOf = (groups: Readonly<Record<string, string | undefined>>) => string;

/** `undefined` for whatever is no archive of that vendor, or for no platform of ours. */
export function readArchive(
  at: string,
  pattern: ArchiveUrl,
  versionOf: VersionOf = ({ java = '' }) => java,
): JdkArchive | undefined {
  // guard: vendor-place
  if (/\/\.\.?(?:\/|$)|[?#\s\\]/.test(at)) return undefined;
  const groups = pattern.exec(at)?.groups;
  const format = ['tar.gz', 'tar.xz', 'zip'].find((one) => at.endsWith(`.${one}`));
  if (groups === undefined || format === undefined || !isArchiveFormat(format)) return undefined;
  const platform = platformIn(groups);
  const version = javaScheme.version(versionOf(groups));
  if (platform === undefined || version === undefined) return undefined;
  const build = [
    ...(groups.image === 'jre' || groups.jre !== undefined ? ['jre'] : []),
    ...(groups.fx === undefined ? [] : ['javafx']),
    ...(groups.crac === undefined ? [] : ['crac']),
  ];
  const variant = build.length === 0 ? undefined : build.join('-');
  const own = groups.own ?? (groups.behind === undefined ? undefined : `${version}.${groups.behind}`);
  return { at, version, ...present({ own, variant }), platform, format, groups };
}

const SYSTEMS: Readonly<Record<string, string>> = {
  linux: 'linux',
  'linux-musl': 'musl',
  linux_musl: 'musl',
  'alpine-linux': 'musl',
  alpine: 'musl',
  macos: 'darwin',
  macosx: 'darwin',
  osx: 'darwin',
  mac: 'darwin',
  windows: 'windows',
  win: 'windows',
};
const PROCESSORS: Readonly<Record<string, string>> = {
  x64: 'x64',
  amd64: 'x64',
  x86_64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

function platformIn({ os = '', arch = '', musl }: JdkArchive['groups']): PlatformKey | undefined {
  const system = Object.hasOwn(SYSTEMS, os.toLowerCase()) ? SYSTEMS[os.toLowerCase()] : undefined;
  const processor = Object.hasOwn(PROCESSORS, arch) ? PROCESSORS[arch] : undefined;
  const wanted = system === 'linux' && musl !== undefined ? 'musl' : system;
  return PLATFORMS.find((key) => {
    const one = platformOf(key);
    return (one.libc === 'musl' ? 'musl' : one.os) === wanted && one.arch === processor;
  });
}

/** Lines that the JDK's own roadmap calls long-term. */
const LONG_TERM = [8, 11, 17, 21, 25, 29];

export function releaseOf(vendor: string, of: Pick<JdkArchive, 'own' | 'variant'>, version: Version): Release {
  return {
    version,
    vendor,
    ...present({ variant: of.variant, own: of.own }),
    ...(LONG_TERM.includes(Number.parseInt(version, 10)) && { lts: '' }),
  };
}

/** Whether a name that says `17.0.15` may be that of `17.0.15+6`: the same numbers, and the same build where both have one. */
export function isSameVersion(named: Version, version: Version): boolean {
  const [a, b] = [partsOf(named), partsOf(version)];
  return a.numbers === b.numbers && a.early === b.early && (a.build === undefined || a.build === b.build);
}

function partsOf(version: Version) {
  const [, numbers = '', early, build] = /^([\d.]+)(?:-([a-z0-9]+))?(?:\+(\d+))?$/.exec(version) ?? [];
  return { numbers: (readNumbers(numbers) ?? []).join('.').replace(/(?:\.0)+$/, ''), early, build };
}
