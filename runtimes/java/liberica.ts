import {
  asArraySkipping,
  asCount,
  asObject,
  asString,
  featureOf,
  foojaySource,
  githubDigests,
  type JdkFile,
  jdkLifecycle,
  jdkSource,
  optional,
  present,
  type ToolRequest,
  type Upstream,
  type Vendor,
} from '../../src/kit';

/** https://api.bell-sw.com/api.html. Its digests are SHA-1, which proves nothing: those of the files on GitHub are taken. */
const API = 'https://api.bell-sw.com/v1/liberica/releases';
const REPOSITORY = 'bell-sw/Liberica';

const asReleases = asArraySkipping(asObject({ downloadUrl: asString, size: optional(asCount) }));

async function files(upstream: Upstream, request: ToolRequest): Promise<readonly JdkFile[]> {
  const words = request.variant?.split('-') ?? [];
  const feature = featureOf(request);
  const bundle = `${words.includes('jre') ? 'jre' : 'jdk'}${words.includes('javafx') ? '-full' : ''}`;
  const query = [
    feature === undefined ? 'version-modifier=latest' : `version-feature=${feature}`,
    `bundle-type=${bundle}`,
    'bitness=64',
    'build-type=all',
    'installation-type=archive',
    'fields=downloadUrl%2Csize',
  ];
  const releases = await upstream.json(`${API}?${query.join('&')}`, asReleases);
  return releases.map(({ downloadUrl, size }) => ({ at: onGithub(downloadUrl), ...present({ size }) }));
}

/** BellSoft's own host has the same files, below the version as on GitHub. */
function onGithub(url: string): string {
  return url.replace(
    /^https:\/\/download\.bell-sw\.com\/java\/([^/]+)\//,
    `https://github.com/${REPOSITORY}/releases/download/$1/`,
  );
}

export const vendor: Vendor = {
  id: 'liberica',
  builder: /^BellSoft/i,
  sources: [
    jdkSource({
      id: 'api.bell-sw.com',
      vendor: 'liberica',
      archive:
        /^https:\/\/github\.com\/bell-sw\/Liberica\/releases\/download\/(?<tag>[\w.+%-]+)\/bellsoft-(?<image>jdk|jre)(?<java>\d+(?:\.\d+)*(?:\+\d+)?|8u\d+(?:\+\d+)?)-(?<os>linux|macos|windows)-(?<arch>amd64|x64|aarch64)(?<fx>-full)?(?<musl>-musl)?\.(?:tar\.gz|zip)$/,
      files,
      sums: (upstream, { groups: { tag = '' } }) => githubDigests(upstream, REPOSITORY, decodeURIComponent(tag)),
    }),
    foojaySource({
      vendor: 'liberica',
      distribution: 'liberica',
      places: ['https://download.bell-sw.com/', 'https://github.com/bell-sw/'],
    }),
  ],
  lifecycle: jdkLifecycle(
    `26 ..2026-09-18; 25 lts ..2031-09-30; 24 ..2025-09-16; 23 ..2025-03-18; 22 ..2024-09-17; 21 lts
    20 ..2023-09-19; 19 ..2023-03-21; 18 ..2022-09-20; 17 lts ..2027-10-31; 16 ..2021-09-14; 15 ..2021-03-16
    14 ..2020-09-16; 13 ..2020-03-17; 12 ..2019-09-17; 11 lts ..2024-10-31; 10 ..2018-09-25; 8 lts ..2026-11-30`,
    'bellsoft-liberica',
  ),
};
