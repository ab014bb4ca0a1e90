import type { Release } from '../versions/release';
import type { ToolRequest } from '../versions/request';
import { javaScheme } from '../versions/schemes/java';
import { compareNumbers, readNumbers } from '../versions/schemes/numbers';
import { selectRelease } from '../versions/select';
import type { Version } from '../versions/version';
import { PolyenvError } from '../words/errors';
import type { Artifact, Part, Url } from './artifact';
import { parseChecksum } from './checksum-list';
import type { Digest } from './digest';
import { type ArchiveUrl, isSameVersion, type JdkArchive, readArchive, releaseOf, type VersionOf } from './jdk-archive';
import { PLATFORMS } from './platform';
import type { ArchiveSignature, Claim, Source, Upstream } from './runtime';

/** A vendor's own list of its JDKs, with the digests that it publishes. */
export interface JdkIndex {
  /** The source's id: the host of the list. */
  readonly id: string;
  readonly vendor: string;
  readonly archive: ArchiveUrl;
  /** Default: the group `java`. */
  readonly versionOf?: VersionOf;
  /** Files of the list, in the order in which equals are preferred. May leave out what cannot answer, and name what is no archive. */
  files(upstream: Upstream, request: ToolRequest): Promise<readonly JdkFile[]>;
  /** Where the digest of an archive is, for lists without: a file about it alone. */
  sum?(at: Url): Url;
  /** The digests of all files of the release to which the archive belongs, by their names, for lists without. */
  sums?(upstream: Upstream, archive: JdkArchive): Promise<ReadonlyMap<string, Digest>>;
  /** The list has builds that are not for general use. */
  readonly early?: true;
  signature?(at: Url): ArchiveSignature;
}

/** One file of a list: nothing of it is believed but its URL and its digest. */
export interface JdkFile {
  readonly at: string;
  /** Of the version, where the URL does not say it. */
  readonly build?: number;
  readonly digest?: Digest;
  readonly size?: number;
}

type Found = JdkArchive & { readonly release: Release; readonly file: JdkFile };

/**
 * The builds of one vendor from its own list. What a file is for is read from its URL, which has to be one of the vendor's. Where the
 * list has nothing that answers, or no digest, the vendor's next source is asked.
 */
export function jdkSource(index: JdkIndex): Source {
  const { vendor, archive, versionOf, signature } = index;
  const read = (at: string): JdkArchive | undefined => readArchive(at, archive, versionOf);
  const found = async (upstream: Upstream, request: ToolRequest): Promise<readonly Found[]> => {
    if (isEarly(request) && index.early === undefined) return [];
    const files = await index.files(upstream, request);
    return files.flatMap((file): readonly Found[] => {
      const one = read(file.at);
      if (one === undefined) return [];
      const version = withBuild(one.version, file.build);
      return [{ ...one, file, release: releaseOf(vendor, one, version) }];
    });
  };
  return {
    id: index.id,
    vendors: [vendor],
    releases: async (upstream, request) => {
      const here = (await found(upstream, request)).filter(({ platform }) => platform === upstream.platform);
      const known = new Map<string, Release>();
      for (const { release } of here) {
        const key = [release.version, release.variant, release.own].join(' ');
        if (!known.has(key)) known.set(key, release);
      }
      // Not `newestFirst`, which keeps one of each version: a vendor's earlier build of it is asked for by its own number.
      const ordered = [...known.values()].sort(byOwn).sort((a, b) => javaScheme.compare(b.version, a.version));
      const choosing = { scheme: javaScheme, sources: [{ vendors: [vendor] }] };
      if (selectRelease(choosing, { ...request, vendor }, ordered) === undefined) throw notHere(index, request);
      return ordered;
    },
    artifacts: async (upstream, release, request) => {
      const all = (await found(upstream, request)).filter((one) => isSame(one.release, release));
      const chosen = PLATFORMS.flatMap((platform) => bestOf(all.filter((one) => one.platform === platform)));
      const [first] = chosen;
      const sums = first === undefined ? undefined : await index.sums?.(upstream, first);
      const artifacts = await Promise.all(
        chosen.map(async (one): Promise<Artifact | undefined> => {
          const digest = one.file.digest ?? sums?.get(nameOf(one.at)) ?? (await readSum(upstream, index, one.at));
          if (digest === undefined) return undefined;
          const part: Part = {
            at: one.at,
            digest,
            ...(one.file.size !== undefined && one.file.size > 0 && { size: one.file.size }),
            proof: { kind: 'digest', by: index.id },
          };
          return { platform: one.platform, parts: [part] };
        }),
      );
      const known = artifacts.filter((artifact) => artifact !== undefined);
      if (known.length === 0 && chosen.length > 0) throw withoutDigest(index, release.version);
      return known;
    },
    owns: (claim) => {
      const one = claim.vendor === vendor ? read(claim.at) : undefined;
      // guard: vendor-archive
      if (one === undefined || !isOf(one, claim)) return undefined;
      return { format: one.format, root: '*' };
    },
    ...(signature !== undefined && { signature: ({ at }: Claim) => signature(at) }),
  };
}

function isOf(one: JdkArchive, { version, platform, variant }: Claim): boolean {
  return one.platform === platform && one.variant === variant && isSameVersion(one.version, version);
}

function withBuild(version: Version, build: number | undefined): Version {
  if (build === undefined || version.includes('+')) return version;
  return javaScheme.version(`${version}+${build}`) ?? version;
}

/** Newer numbers of the vendor's own first: its second build of a version replaces the first. */
function byOwn(a: Release, b: Release): number {
  return compareNumbers(readNumbers(b.own ?? '') ?? [], readNumbers(a.own ?? '') ?? []);
}

function isSame(a: Release, b: Release): boolean {
  return a.version === b.version && a.variant === b.variant && (b.own === undefined || a.own === b.own);
}

/** What is preferred first. */
const FORMATS = ['tar.gz', 'zip', 'tar.xz'];

function bestOf(all: readonly Found[]): readonly Found[] {
  return [...all].sort((a, b) => FORMATS.indexOf(a.format) - FORMATS.indexOf(b.format)).slice(0, 1);
}

/** The digest beside an archive: a SHA-512 where it is as long as one, else a SHA-256. */
export async function readSum(
  upstream: Upstream,
  { sum }: Pick<JdkIndex, 'sum'>,
  at: Url,
): Promise<Digest | undefined> {
  const text = sum === undefined ? undefined : await upstream.optionalText(sum(at));
  if (text === undefined) return undefined;
  return parseChecksum(text, nameOf(at), /^\s*[0-9a-f]{128}(?![0-9a-f])/i.test(text) ? 'sha512' : 'sha256');
}

function nameOf(at: Url): string {
  return at.slice(at.lastIndexOf('/') + 1);
}

/** Whether builds are asked for that are not for general use. */
export function isEarly({ version }: ToolRequest): boolean {
  if (version.kind === 'channel') return version.name.endsWith('-ea');
  return version.kind === 'exact' && javaScheme.prerelease(version.version);
}

/** The feature release that holds every answer, if one does: 17 for `17.0.2`. */
export function featureOf({ version }: ToolRequest): number | undefined {
  if (version.kind === 'channel' && version.name.endsWith('-ea')) return Number.parseInt(version.name, 10);
  if (version.kind === 'prefix') return version.numbers[0];
  return version.kind === 'exact' ? Number.parseInt(version.version, 10) : undefined;
}

function notHere({ id }: JdkIndex, { text }: ToolRequest): PolyenvError {
  return new PolyenvError('version-not-found', `${id} lists nothing that answers ${JSON.stringify(text)}`, {
    hint: 'polyenv ls-remote java',
    elsewhere: true,
  });
}

function withoutDigest({ id, vendor }: JdkIndex, version: Version): PolyenvError {
  return new PolyenvError(
    'request-unsupported',
    `${vendor} ${version} is not offered: ${id} has no SHA-256 or SHA-512 of the archive`,
    { hint: 'polyenv info java', elsewhere: true },
  );
}
