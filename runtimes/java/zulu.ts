import {
  asCount,
  asObject,
  asPage,
  asString,
  featureOf,
  foojaySource,
  hexDigest,
  type JdkFile,
  jdkLifecycle,
  jdkSource,
  optional,
  present,
  type ToolRequest,
  type Upstream,
  type Vendor,
} from '../../src/kit';

/** https://docs.azul.com/core/install/metadata-api */
const API = 'https://api.azul.com/metadata/v1/zulu/packages/';
const PAGE = 1000;
const MOST_PAGES = 5;

const asPackages = asPage(
  asObject({
    download_url: asString,
    openjdk_build_number: optional(asCount),
    sha256_hash: optional(asString),
    size: optional(asCount),
  }),
);

async function files(upstream: Upstream, request: ToolRequest): Promise<readonly JdkFile[]> {
  const words = request.variant?.split('-') ?? [];
  const feature = featureOf(request);
  const query = [
    feature === undefined ? 'latest=true' : `java_version=${feature}`,
    `java_package_type=${words.includes('jre') ? 'jre' : 'jdk'}`,
    `javafx_bundled=${words.includes('javafx')}`,
    `crac_supported=${words.includes('crac')}`,
    'release_status=ga',
    'availability_types=CA',
    'include_fields=sha256_hash%2Csize',
  ];
  // Only Windows has none but zip.
  const both = await Promise.all([
    pages(upstream, [...query, 'archive_type=tar.gz']),
    pages(upstream, [...query, 'archive_type=zip', 'os=windows']),
  ]);
  return both.flat();
}

async function pages(upstream: Upstream, query: readonly string[]): Promise<readonly JdkFile[]> {
  const all: JdkFile[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const url = `${API}?${query.join('&')}&page=${page}&page_size=${PAGE}`;
    const { length, items } = await upstream.json(url, asPackages);
    all.push(
      ...items.map(({ download_url: at, openjdk_build_number: build, sha256_hash = '', size }) => ({
        at,
        ...present({ build, size, digest: hexDigest('sha256', sha256_hash) }),
      })),
    );
    if (length < PAGE) break;
  }
  return all;
}

export const vendor: Vendor = {
  id: 'zulu',
  builder: /^Azul/i,
  sources: [
    jdkSource({
      id: 'api.azul.com',
      vendor: 'zulu',
      archive:
        /^https:\/\/cdn\.azul\.com\/zulu\/bin\/zulu(?<own>\d+(?:\.\d+){2,3})-(?:ca-)?(?<crac>crac-)?(?<fx>fx-)?(?<image>jdk|jre)(?<java>\d+(?:\.\d+){0,4})-(?<os>linux|linux_musl|macosx|win)_(?<arch>x64|aarch64)\.(?:tar\.gz|zip)$/,
      files,
    }),
    foojaySource({ vendor: 'zulu', distribution: 'zulu', places: ['https://cdn.azul.com/zulu/bin/'] }),
  ],
  lifecycle: jdkLifecycle(
    `26 ..2026-09-30; 25 lts ..2033-09-30; 24 ..2025-09-16; 23 ..2025-03-18; 22 ..2024-09-17; 21 lts ..2031-09-30
    20 ..2023-09-19; 19 ..2023-03-31; 18 ..2022-09-30; 17 lts ..2029-09-30; 16 ..2021-09-30; 15 ..2023-03-31
    14 ..2020-09-30; 13 ..2023-03-31; 12 ..2019-09-30; 11 lts ..2032-01-31; 10 ..2018-09-30; 9 ..2018-03-31
    8 lts ..2030-12-31; 7 lts ..2022-07-31; 6 lts ..2018-12-31`,
    'azul-zulu',
  ),
};
