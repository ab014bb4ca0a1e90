import {
  asObject,
  asRecordSkipping,
  asString,
  featureOf,
  foojaySource,
  githubReleases,
  hexDigest,
  type JdkFile,
  jdkLifecycle,
  jdkSource,
  type SigningKeys,
  type ToolRequest,
  type Upstream,
  type Vendor,
} from '../../src/kit';

/** https://docs.aws.amazon.com/corretto/latest/corretto-21-ug/downloads-list.html: the same key signs packages and archives. */
const KEYS: SigningKeys = {
  fingerprints: ['6DC3636DAE534049C8B94623A122542AB04F24E3'],
  material: () => 'https://yum.corretto.aws/corretto.key',
};
const signature = (at: string) => ({ url: `${at}.sig`, keys: KEYS });

const LATEST = 'https://corretto.github.io/corretto-downloads/latest_links/indexmap_with_checksum.json';
const ARCHIVE =
  /^https:\/\/corretto\.aws\/downloads\/resources\/(?<number>[\d.]+)\/amazon-corretto-\k<number>-(?<os>linux|alpine-linux|macosx|windows)-(?<arch>x64|aarch64)(?:-(?<image>jdk|jre))?\.(?:tar\.gz|zip)$/;

/** System, processor, image, feature and format lead to a file. */
const asLatest = asRecordSkipping(
  asRecordSkipping(
    asRecordSkipping(asRecordSkipping(asRecordSkipping(asObject({ resource: asString, checksum_sha256: asString })))),
  ),
);

/** `17.0.15.6.1` is Amazon's first build of 17.0.15+6, and `8.432.06.1` is one of 8u432-b06. */
function versionOf(number: string): string {
  const [, update, old] = /^8\.(\d+)\.(\d+)\.\d+$/.exec(number) ?? [];
  if (update !== undefined) return `8.0.${update}+${Number(old)}`;
  const [, java = number, build] = /^(\d+(?:\.\d+){2})\.(\d+)\.\d+$/.exec(number) ?? [];
  return build === undefined ? number : `${java.replace(/(?:\.0)+$/, '')}+${build}`;
}

/** The newest of each line that gets updates. */
async function latest(upstream: Upstream): Promise<readonly JdkFile[]> {
  const listed = await upstream.json(LATEST, asLatest);
  return leavesOf(listed).flatMap(({ resource, checksum_sha256 }): readonly JdkFile[] => {
    const digest = hexDigest('sha256', checksum_sha256);
    return digest === undefined ? [] : [{ at: `https://corretto.aws${resource}`, digest }];
  });
}

type Leaf = { readonly resource: string; readonly checksum_sha256: string };

function leavesOf(listed: ReturnType<typeof asLatest>): readonly Leaf[] {
  return Object.values(listed)
    .flatMap((system) => Object.values(system))
    .flatMap((processor) => Object.values(processor))
    .flatMap((image) => Object.values(image))
    .flatMap((formats) => Object.values(formats));
}

/** All of a line: each release's text has a row for each file, with its place and its SHA-256. */
async function earlier(upstream: Upstream, feature: number): Promise<readonly JdkFile[]> {
  const releases = await githubReleases(upstream, `corretto/corretto-${feature}`, { most: 2 });
  return releases
    .flatMap(({ body }) => body.split(/\r?\n/))
    .flatMap((row): readonly JdkFile[] => {
      const places = new Set(
        row.match(/https:\/\/corretto\.aws\/downloads\/resources\/[\w./-]+\.(?:tar\.gz|zip)(?![.\w])/g),
      );
      const digests = new Set(row.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/gi));
      const [at] = places;
      const digest = hexDigest('sha256', [...digests][0] ?? '');
      // A row of two files or digests says not which belongs to which.
      return places.size === 1 && digests.size === 1 && at !== undefined && digest !== undefined
        ? [{ at, digest }]
        : [];
    });
}

/** A version that the newest ones cannot answer is in the history of its line. */
async function files(upstream: Upstream, request: ToolRequest): Promise<readonly JdkFile[]> {
  const { version } = request;
  const newest = await latest(upstream);
  const feature = featureOf(request);
  const whole = version.kind === 'prefix' && version.numbers.length === 1;
  if (feature === undefined || whole) return newest;
  const here = newest.some(({ at }) => isNamed(at, version));
  return here ? newest : [...newest, ...(await earlier(upstream, feature))];
}

function isNamed(at: string, version: ToolRequest['version']): boolean {
  const named = versionOf(ARCHIVE.exec(at)?.groups?.number ?? '');
  const asked = version.kind === 'exact' ? version.version : version.kind === 'prefix' ? version.numbers.join('.') : '';
  return named === asked || named.startsWith(`${asked}+`) || named.startsWith(`${asked}.`);
}

export const vendor: Vendor = {
  id: 'corretto',
  builder: /^Amazon/i,
  sources: [
    jdkSource({
      id: 'corretto.aws',
      vendor: 'corretto',
      archive: ARCHIVE,
      versionOf: ({ number = '' }) => versionOf(number),
      files,
      signature,
    }),
    foojaySource({
      vendor: 'corretto',
      distribution: 'corretto',
      places: ['https://corretto.aws/downloads/resources/'],
      signature,
    }),
  ],
  lifecycle: jdkLifecycle(
    `26 ..2026-10-31; 25 lts ..2032-10-31; 24 ..2025-10-31; 23 ..2025-04-30; 22 ..2024-10-15; 21 lts ..2030-10-31
    20 ..2023-10-17; 19 ..2023-04-19; 18 ..2022-10-18; 17 lts ..2029-10-31; 16 ..2021-10-19; 15 ..2021-04-20
    11 lts ..2032-01-31; 8 lts ..2030-12-31`,
    'amazon-corretto',
  ),
};
