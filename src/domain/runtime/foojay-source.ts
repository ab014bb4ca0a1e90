import { asArraySkipping, asBoolean, asCount, asObject, asString, malformed, optional } from '../formats/decoders';
import type { Release } from '../versions/release';
import { newestFirst } from '../versions/releases';
import type { ToolRequest } from '../versions/request';
import { javaScheme } from '../versions/schemes/java';
import type { Version } from '../versions/version';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import type { Artifact, Part, Proof, Recipe, Url } from './artifact';
import { type Digest, hexDigest } from './digest';
import { releaseOf as jdkRelease } from './jdk-archive';
import { featureOf, isEarly, readSum } from './jdk-source';
import { PLATFORMS, type PlatformKey, platformOf } from './platform';
import type { ArchiveSignature, Claim, Source, Upstream } from './runtime';

const API = 'https://api.foojay.io/disco/v3.0';

/** A vendor of JDKs as Foojay's index has it: https://github.com/foojayio/discoapi */
export interface FoojayVendor {
  /** As polyenv calls it: `zulu`. */
  readonly vendor: string;
  /** As Foojay does. */
  readonly distribution: string;
  /** Where the vendor's archives are: the beginnings of their URLs. Nothing else is taken from a lock or an index. */
  readonly places: readonly string[];
  /** Where the vendor itself publishes the digest of an archive: then that is the proof, and not what Foojay repeats. */
  sum?(at: Url): Url;
  signature?(at: Url): ArchiveSignature;
}

const asPackages = asObject({
  result: asArraySkipping(
    asObject({
      id: asString,
      archive_type: asString,
      java_version: asString,
      distribution_version: optional(asString),
      operating_system: asString,
      lib_c_type: optional(asString),
      architecture: asString,
      package_type: asString,
      javafx_bundled: optional(asBoolean),
      filename: optional(asString),
      size: optional(asCount),
    }),
  ),
});

type Package = ReturnType<typeof asPackages>['result'][number];

const asDetails = asObject({
  result: asArraySkipping(
    asObject({ direct_download_uri: asString, checksum: optional(asString), checksum_type: optional(asString) }),
  ),
});

/**
 * The builds of one vendor. Foojay lists them, names the vendor's own archive of each, and repeats the digest that the vendor
 * publishes: what has no SHA-256 or SHA-512 there is not offered.
 */
export function foojaySource(of: FoojayVendor): Source {
  const { signature } = of;
  return {
    id: `foojay-${of.vendor}`,
    publisher: `Foojay, which lists the archives of ${of.vendor}`,
    vendors: [of.vendor],
    releases: async (upstream, request) => {
      const packages = await packagesOf(upstream, of, request);
      const seen = new Map<string, Release>();
      for (const one of packages) {
        const release = releaseOf(of, one);
        if (release !== undefined && platformsOf(one).includes(upstream.platform)) {
          seen.set(`${release.version} ${release.variant ?? ''}`, release);
        }
      }
      return newestFirst(javaScheme, [...seen.values()]);
    },
    artifacts: async (upstream, release, request) => {
      const packages = (await packagesOf(upstream, of, request)).filter((one) => {
        const found = releaseOf(of, one);
        return found?.version === release.version && found.variant === release.variant;
      });
      const chosen = PLATFORMS.flatMap((platform) => {
        const best = packages
          .filter((one) => platformsOf(one).includes(platform))
          .sort((a, b) => FORMATS.indexOf(a.archive_type) - FORMATS.indexOf(b.archive_type))[0];
        return best === undefined ? [] : [{ platform, best }];
      });
      const parts = await Promise.all(
        chosen.map(async ({ platform, best }): Promise<Artifact | undefined> => {
          const part = await partOf(upstream, of, best);
          return part === undefined ? undefined : { platform, parts: [part] };
        }),
      );
      const known = parts.filter((part) => part !== undefined);
      if (known.length === 0 && chosen.length > 0) throw withoutDigest(of.vendor, release.version);
      return known;
    },
    owns: ({ vendor, at }) => (vendor === of.vendor ? recipeOf(of, at) : undefined),
    ...(signature !== undefined && { signature: ({ at }: Claim) => signature(at) }),
  };
}

/** What is preferred first. */
const FORMATS = ['tar.gz', 'zip', 'tar.xz'];

async function packagesOf(upstream: Upstream, of: FoojayVendor, request: ToolRequest): Promise<readonly Package[]> {
  const { variant } = request;
  const feature = featureOf(request);
  const query = [
    `distribution=${of.distribution}`,
    feature === undefined ? 'latest=available' : `jdk_version=${feature}`,
    `package_type=${variant?.split('-').includes('jre') ? 'jre' : 'jdk'}`,
    `release_status=${isEarly(request) ? 'ea' : 'ga'}`,
    'directly_downloadable=true',
    `javafx_bundled=${variant?.split('-').includes('javafx') ?? false}`,
    ...FORMATS.map((format) => `archive_type=${format}`),
  ].join('&');
  const { result } = await upstream.json(`${API}/packages?${query}`, asPackages);
  return result.filter((one) => FORMATS.includes(one.archive_type));
}

function releaseOf({ vendor }: FoojayVendor, one: Package): Release | undefined {
  const version = javaScheme.version(one.java_version);
  if (version === undefined) return undefined;
  const special = ['crac', 'lite'].find((word) => new RegExp(`[-_]${word}[-_.]`).test(one.filename ?? ''));
  const build = [
    ...(one.package_type === 'jre' ? ['jre'] : []),
    ...(one.javafx_bundled === true ? ['javafx'] : []),
    ...(special === undefined ? [] : [special]),
  ];
  const variant = build.length === 0 ? undefined : build.join('-');
  return jdkRelease(vendor, present({ variant, own: one.distribution_version }), version);
}

const SYSTEMS: Readonly<Record<string, readonly string[]>> = {
  linux: ['linux'],
  darwin: ['macos'],
  windows: ['windows'],
};
const PROCESSORS: Readonly<Record<string, readonly string[]>> = {
  x64: ['x64', 'amd64', 'x86_64'],
  arm64: ['aarch64', 'arm64'],
};

function platformsOf(one: Package): readonly PlatformKey[] {
  return PLATFORMS.filter((key) => {
    const { os, arch, libc } = platformOf(key);
    const musl = one.lib_c_type === 'musl' || one.operating_system === 'linux_musl';
    const system = one.operating_system.replace('linux_musl', 'linux');
    return (
      (SYSTEMS[os] ?? []).includes(system) &&
      (PROCESSORS[arch] ?? []).includes(one.architecture) &&
      (os !== 'linux' || (libc === 'musl') === musl)
    );
  });
}

async function partOf(upstream: Upstream, of: FoojayVendor, { id, size }: Package): Promise<Part | undefined> {
  if (!/^[A-Za-z0-9-]{1,128}$/.test(id)) return undefined;
  const { result } = await upstream.json(`${API}/ids/${id}`, asDetails);
  const [found] = result;
  if (found === undefined || recipeOf(of, found.direct_download_uri) === undefined) return undefined;
  const at = found.direct_download_uri;
  const repeated = digestOf(found.checksum_type, found.checksum);
  const own = await readSum(upstream, of, at);
  if (own !== undefined && repeated?.kind === own.kind && repeated.value !== own.value) {
    throw malformed(`the digest of ${at} is not the one that its vendor publishes`);
  }
  const digest = own ?? repeated;
  if (digest === undefined) return undefined;
  const proof: Proof = { kind: 'digest', by: own === undefined ? 'api.foojay.io' : new URL(at).host };
  return { at, digest, ...(size !== undefined && size > 0 && { size }), proof };
}

function digestOf(type: string | undefined, value: string | undefined): Digest | undefined {
  const kind = (['sha256', 'sha512'] as const).find((one) => one === type?.toLowerCase());
  return kind === undefined || value === undefined ? undefined : hexDigest(kind, value);
}

function recipeOf({ places }: FoojayVendor, at: string): Recipe | undefined {
  if (!places.some((place) => at.startsWith(place)) || /[?#]|\/\.\.?\//.test(at)) return undefined;
  const format = (['tar.gz', 'tar.xz', 'zip'] as const).find((one) => at.endsWith(`.${one}`));
  return format === undefined ? undefined : { format, root: '*' };
}

function withoutDigest(vendor: string, version: Version): PolyenvError {
  return new PolyenvError(
    'request-unsupported',
    `${vendor} ${version} is not offered: its index has no SHA-256 or SHA-512 of the archive`,
    { hint: 'polyenv info java' },
  );
}
