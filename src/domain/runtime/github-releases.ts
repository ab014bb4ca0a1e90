import {
  asArraySkipping,
  asBoolean,
  asNumber,
  asObject,
  asPage,
  asString,
  asUnknown,
  optional,
} from '../formats/decoders';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import { type Digest, parseDigest } from './digest';
import type { Upstream } from './runtime';

/** A release of a project on GitHub: https://docs.github.com/en/rest/releases/releases */
export interface GithubRelease {
  readonly tag: string;
  /** Markdown, as its publisher wrote it. */
  readonly body: string;
  readonly assets: readonly GithubAsset[];
}

export interface GithubAsset {
  readonly name: string;
  readonly at: string;
  readonly size?: number;
  /** Absent for files from before the summer of 2025. */
  readonly digest?: Digest;
}

const asAsset = asObject({
  name: asString,
  browser_download_url: asString,
  size: optional(asNumber),
  digest: asUnknown,
});

const asRelease = asObject({
  tag_name: asString,
  draft: optional(asBoolean),
  prerelease: optional(asBoolean),
  body: asUnknown,
  assets: asArraySkipping(asAsset),
});

const asReleases = asPage(asRelease);

/** A hundred a page. Drafts and what is marked as no final release are left out. */
export async function githubReleases(
  upstream: Upstream,
  repository: string,
  pages: { readonly most: number; readonly enough?: (releases: readonly GithubRelease[]) => boolean },
): Promise<readonly GithubRelease[]> {
  const all: GithubRelease[] = [];
  for (let page = 1; page <= pages.most; page += 1) {
    const url = `https://api.github.com/repos/${repository}/releases?per_page=${PAGE}&page=${page}`;
    const { length, items } = await upstream.json(url, asReleases);
    all.push(...items.filter(({ draft, prerelease }) => draft !== true && prerelease !== true).map(readRelease));
    if (length < PAGE || pages.enough?.(all) === true) break;
  }
  return all;
}

const PAGE = 100;

/** The digests of one release's files by their names; none where there is no release of that tag. */
export async function githubDigests(
  upstream: Upstream,
  repository: string,
  tag: string,
): Promise<ReadonlyMap<string, Digest>> {
  const url = `https://api.github.com/repos/${repository}/releases/tags/${encodeURIComponent(tag)}`;
  const found = await upstream.json(url, asRelease).catch((error: unknown) => {
    if (error instanceof PolyenvError && error.status === 404) return undefined;
    throw error;
  });
  const assets = found === undefined ? [] : readRelease(found).assets;
  return new Map(assets.flatMap(({ name, digest }) => (digest === undefined ? [] : [[name, digest] as const])));
}

function readRelease({ tag_name, body, assets }: ReturnType<typeof asRelease>): GithubRelease {
  return {
    tag: tag_name,
    body: typeof body === 'string' ? body : '',
    assets: assets.map(({ name, browser_download_url, size, digest }) => ({
      name,
      at: browser_download_url,
      ...(size !== undefined && Number.isSafeInteger(size) && size > 0 && { size }),
      ...present({ digest: typeof digest === 'string' ? parseDigest(digest) : undefined }),
    })),
  };
}
