import {
  asArraySkipping,
  asBoolean,
  asMatching,
  asNumber,
  asObject,
  asString,
  asUnknown,
  type Decoder,
  optional,
} from '../formats/decoders';
import type { Release } from '../versions/release';
import { newestFirst } from '../versions/releases';
import type { ToolRequest } from '../versions/request';
import type { VersionScheme } from '../versions/scheme';
import type { Version } from '../versions/version';
import { present } from '../words/present';
import type { Artifact, Part, Recipe } from './artifact';
import { parseChecksum } from './checksum-list';
import { type Digest, parseDigest } from './digest';
import { PLATFORMS, type PlatformKey } from './platform';
import type { Source, Upstream } from './runtime';

/** A project that publishes its programs as files of its releases on GitHub. */
export interface GithubProject {
  /** `OWNER/NAME`. */
  readonly repository: string;
  readonly scheme: VersionScheme;
  /** Tags that are no release of it are left out. */
  version(tag: string): Version | undefined;
  tag(version: Version): string;
  /** The file of a release for a platform; `undefined` where there is none. */
  file(version: Version, platform: PlatformKey): string | undefined;
  recipe(version: Version, platform: PlatformKey): Recipe;
  /** A file of checksums beside the others, for releases whose files have no digest of their own. */
  sums?(version: Version, file: string): string;
  /** Versions that are offered; default all. */
  offered?(version: Version): boolean;
}

/**
 * https://docs.github.com/en/rest/releases/releases#list-releases: a hundred releases a page, each with its files and, for those
 * since the summer of 2025, their digests.
 */
export function githubSource(project: GithubProject): Source {
  const { repository, scheme } = project;
  const page = (number: number): string =>
    `https://api.github.com/repos/${repository}/releases?per_page=${PAGE}&page=${number}`;
  const placeOf = (version: Version, file: string): string =>
    `https://github.com/${repository}/releases/download/${project.tag(version)}/${file}`;

  async function listed(upstream: Upstream, request: ToolRequest): Promise<readonly Listed[]> {
    const all: Listed[] = [];
    for (let number = 1; number <= MOST_PAGES; number += 1) {
      const found = await upstream.json(page(number), decode);
      all.push(...found.flatMap((one) => readRelease(project, one)));
      const answers = all.some(
        ({ release }) => request.version.kind === 'latest' || scheme.matches(request.version, release),
      );
      if (answers || found.length < PAGE) break;
    }
    return all;
  }

  return {
    id: 'github.com',
    releases: async (upstream, request) => {
      const all = await listed(upstream, request);
      return newestFirst(
        scheme,
        all.map(({ release }) => release),
      );
    },
    artifacts: async (upstream, { version }, request) => {
      const found = (await listed(upstream, request)).find(({ release }) => release.version === version);
      const artifacts = await Promise.all(
        PLATFORMS.map(async (platform): Promise<readonly Artifact[]> => {
          const name = project.file(version, platform);
          const asset = found?.assets.find((one) => one.name === name);
          if (asset === undefined) return [];
          const digest = asset.digest ?? (await sumOf(upstream, { project, version, file: asset.name, placeOf }));
          if (digest === undefined) return [];
          const at = placeOf(version, asset.name);
          const part: Part = {
            at,
            digest,
            ...present({ size: asset.size }),
            proof: { kind: 'digest', by: 'github.com' },
          };
          return [{ platform, parts: [part] }];
        }),
      );
      return artifacts.flat();
    },
    owns: ({ version, platform, at }) => {
      const file = project.file(version, platform);
      return file !== undefined && at === placeOf(version, file) ? project.recipe(version, platform) : undefined;
    },
  };
}

const PAGE = 100;
const MOST_PAGES = 4;

interface Asset {
  readonly name: string;
  readonly size?: number;
  readonly digest?: Digest;
}

interface Listed {
  readonly release: Release;
  readonly assets: readonly Asset[];
}

const asAsset = asObject({ name: asString, size: optional(asNumber), digest: asUnknown });

const asRelease = asObject({
  tag_name: asString,
  draft: optional(asBoolean),
  prerelease: optional(asBoolean),
  published_at: optional(asMatching(/^\d{4}-\d{2}-\d{2}T/, 'a time')),
  html_url: optional(asString),
  assets: asArraySkipping(asAsset),
});

const decode: Decoder<readonly ReturnType<typeof asRelease>[]> = asArraySkipping(asRelease);

function readRelease(project: GithubProject, raw: ReturnType<typeof asRelease>): readonly Listed[] {
  const version = project.version(raw.tag_name);
  if (version === undefined || raw.draft === true || project.tag(version) !== raw.tag_name) return [];
  if (project.offered?.(version) === false) return [];
  const files = new Set(PLATFORMS.map((platform) => project.file(version, platform)));
  const assets = raw.assets
    .filter(({ name }) => files.has(name))
    .map(({ name, size, digest }) => ({
      name,
      ...(size !== undefined && Number.isSafeInteger(size) && size > 0 && { size }),
      ...present({ digest: typeof digest === 'string' ? parseDigest(digest) : undefined }),
    }));
  if (assets.length === 0) return [];
  const release: Release = {
    version,
    prerelease: raw.prerelease === true || project.scheme.prerelease(version),
    ...present({ date: raw.published_at?.slice(0, 10), notes: raw.html_url }),
  };
  return [{ release, assets }];
}

async function sumOf(
  upstream: Upstream,
  of: {
    readonly project: GithubProject;
    readonly version: Version;
    readonly file: string;
    readonly placeOf: (version: Version, file: string) => string;
  },
): Promise<Digest | undefined> {
  const { project, version, file, placeOf } = of;
  const sums = project.sums?.(version, file);
  const text = sums === undefined ? undefined : await upstream.optionalText(placeOf(version, sums));
  if (text === undefined) return undefined;
  return parseChecksum(text, file);
}
