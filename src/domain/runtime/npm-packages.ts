import { newestFirst } from '../versions/releases';
import type { VersionScheme } from '../versions/scheme';
import type { Version } from '../versions/version';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import type { Artifact, Part, Recipe } from './artifact';
import type { Digest } from './digest';
import { formatLocator, parseLocator } from './locator';
import { PLATFORMS, type PlatformKey } from './platform';
import type { Packument, RequestOption, Source, Upstream } from './runtime';

/** How a tool is packed on the npm registry: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
export interface NpmPacking {
  readonly scheme: VersionScheme;
  /** Who publishes it there, where that is not the project itself. */
  readonly publisher?: string;
  /** Every package that has versions of it. One that serves every platform is named once for each. */
  readonly names: Readonly<Partial<Record<PlatformKey, readonly string[]>>>;
  /** Whether the package has that version of the tool: a package may hold other things too. */
  accepts?(name: string, version: Version): boolean;
  /** Packages whose `packageManager` hash is not that of the archive: then the registry's digest alone decides. */
  readonly hashedOtherwise?: readonly string[];
  /** Globs below the package's root that get the executable bit. */
  executables(platform: PlatformKey): readonly string[];
}

/** The hash that `packageManager` in package.json gives for the archive: https://nodejs.org/api/packages.html#packagemanager */
export const packageChecksum: RequestOption = {
  name: 'checksum',
  flag: 'checksum',
  describe: 'what the archive must hash to, as package.json says it',
  single: true,
  pattern: /^sha(?:1|224|256|384|512):[0-9a-f]+$/,
};

/** The names of a package that serves every platform. */
export function everywhere(...names: readonly string[]): NpmPacking['names'] {
  return Object.fromEntries(PLATFORMS.map((platform) => [platform, names]));
}

/** The npm registry as the source of a tool that lies in a package as it is run. */
export function npmPackages(packing: NpmPacking): Source {
  const { scheme, names } = packing;
  const has = (name: string, version: Version) => packing.accepts?.(name, version) ?? true;
  return {
    id: 'npm',
    ...present({ publisher: packing.publisher }),
    releases: async (upstream) => {
      const own = names[upstream.platform] ?? [];
      const found = await Promise.all(own.map((name) => upstream.npm.packument(name)));
      if (found.every((packument) => packument === undefined)) {
        const wanted = [...new Set(Object.values(names).flat())];
        const what = own.length === 0 ? `one of ${wanted.join(', ')} for ${upstream.platform}` : own.join(' or ');
        throw new PolyenvError('platform-missing', `the npm registry does not have ${what}`, {
          elsewhere: true,
        });
      }
      return newestFirst(
        scheme,
        found.flatMap((packument, index) => releasesIn(packument, own[index] as string)),
      );
    },
    artifacts: async (upstream, { version }, request) => {
      const given = request.options.checksum?.[0];
      const found = await Promise.all(
        PLATFORMS.map(async (platform): Promise<readonly Artifact[]> => {
          const part = await partOf(upstream, version, platform);
          return part === undefined ? [] : [{ platform, parts: [isHashed(part) ? checked(part, given) : part] }];
        }),
      );
      return found.flat();
    },
    owns: ({ version, platform, at }) => {
      const named = parseLocator(at);
      const own = named?.registry === 'npm' && named.version === version && names[platform]?.includes(named.name);
      return own && has(named.name, version) ? recipeFor(packing, platform) : undefined;
    },
  };

  function releasesIn(packument: Packument | undefined, name: string) {
    return Object.values(packument?.versions ?? {}).flatMap((one) => {
      const version = scheme.version(one.version);
      if (version === undefined || one.digest === undefined || !has(name, version)) return [];
      const date = /^\d{4}-\d{2}-\d{2}/.exec(packument?.time[one.version] ?? '')?.[0];
      return [{ version, prerelease: scheme.prerelease(version), ...present({ date }) }];
    });
  }

  function isHashed({ at }: Part): boolean {
    const named = parseLocator(at);
    return named?.registry === 'npm' && packing.hashedOtherwise?.includes(named.name) !== true;
  }

  async function partOf(upstream: Upstream, version: Version, platform: PlatformKey): Promise<Part | undefined> {
    for (const name of names[platform] ?? []) {
      if (!has(name, version)) continue;
      const isOurs = names[upstream.platform]?.includes(name);
      const packument = await upstream.npm.packument(name, isOurs ? undefined : 'brief');
      const found = packument?.versions[version];
      if (found?.digest === undefined) continue;
      const at = formatLocator({ registry: 'npm', name, version });
      return { at, digest: found.digest, proof: found.proof };
    }
    return undefined;
  }
}

/** A package where npm installs those for everyone, below `lib/node_modules`, and its commands in `bin`, by name to their file in the package. */
export function installedPackage(
  name: string,
  platform: PlatformKey,
  scripts: Readonly<Record<string, string>>,
): Recipe {
  const place = `lib/node_modules/${name}`;
  // A script is no program there.
  const commands = Object.entries(platform.startsWith('windows') ? {} : scripts);
  return {
    format: 'tar.gz',
    root: 'package',
    place,
    executables: commands.map(([, file]) => file),
    links: commands.map(([command, file]) => ({ path: `bin/${command}`, target: `../${place}/${file}` })),
  };
}

function recipeFor({ executables }: NpmPacking, platform: PlatformKey): Recipe {
  return { format: 'tar.gz', root: 'package', executables: executables(platform) };
}

/** A checksum that a project gives for the archive is held against the registry's. Throws `digest-mismatch`. */
function checked(part: Part, given: string | undefined): Part {
  if (given === undefined) return part;
  const [kind = '', value = ''] = given.split(':');
  const said: Digest = part.digest;
  if (said.kind === kind) {
    // guard: package-checksum
    if (said.value !== value) {
      throw new PolyenvError('digest-mismatch', `${part.at} has another ${kind} than the project says`, {
        hint: 'find out which is right before you change package.json',
      });
    }
    return part;
  }
  // A digest of another kind decides in the registry's place: the archive is held against it when it is fetched.
  return kind === 'sha256' ? { ...part, digest: { kind, value } } : part;
}
