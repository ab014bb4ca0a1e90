import {
  asArraySkipping,
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
  PolyenvError,
  present,
  type ToolRequest,
  type Upstream,
  type Vendor,
} from '../../src/kit';

/** The API that Adoptium's grew out of, which still lists IBM's: newest first. It cuts pages to 20 and says 404 behind the last. */
const API = 'https://api.adoptopenjdk.net/v3/assets/version';
const PAGE = 20;
const MOST_PAGES = 20;

const asReleases = asPage(
  asObject({
    binaries: asArraySkipping(
      asObject({ package: asObject({ link: asString, checksum: asString, size: optional(asCount) }) }),
    ),
  }),
);

async function files(upstream: Upstream, request: ToolRequest): Promise<readonly JdkFile[]> {
  const feature = featureOf(request);
  const range = encodeURIComponent(feature === undefined ? '[8,100)' : `[${feature},${feature + 1})`);
  const query = [
    'project=jdk',
    'vendor=ibm',
    'heap_size=normal',
    'jvm_impl=openj9',
    `image_type=${request.variant === 'jre' ? 'jre' : 'jdk'}`,
    'release_type=ga',
    'sort_order=DESC',
    `page_size=${PAGE}`,
  ].join('&');
  const all: JdkFile[] = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { length, items } = await upstream.json(`${API}/${range}?${query}&page=${page}`, asReleases).catch(orNone);
    all.push(
      ...items
        .flatMap(({ binaries }) => binaries)
        .map(({ package: { link, checksum, size } }) => ({
          at: link,
          ...present({ size, digest: hexDigest('sha256', checksum) }),
        })),
    );
    if (length < PAGE) break;
  }
  return all;
}

function orNone(error: unknown): ReturnType<typeof asReleases> {
  if (error instanceof PolyenvError && error.status === 404) return { length: 0, items: [] };
  throw error;
}

/** IBM signs its archives by a certificate, not by OpenPGP: that is not checked. */
export const vendor: Vendor = {
  id: 'semeru',
  builder: /^(?:IBM|International Business Machines)/i,
  sources: [
    jdkSource({
      id: 'api.adoptopenjdk.net',
      vendor: 'semeru',
      archive:
        /^https:\/\/github\.com\/(?:ibmruntimes|AdoptOpenJDK)\/semeru\d+-binaries\/releases\/download\/[\w.+%-]+\/ibm-semeru-open-(?<image>jdk|jre)_(?<arch>x64|aarch64)_(?<os>linux|mac|windows)_(?<number>\d+(?:\.\d+)*_\d+|8u\d+b\d+)_openj9-[\w.-]+\.(?:tar\.gz|zip)$/,
      versionOf: ({ number = '' }) => number.replace('_', '+').replace(/(?<=u\d+)b/, '-b'),
      files,
    }),
    foojaySource({
      vendor: 'semeru',
      distribution: 'semeru',
      places: ['https://github.com/ibmruntimes/', 'https://github.com/AdoptOpenJDK/semeru'],
    }),
  ],
  lifecycle: jdkLifecycle(
    `26 ..2026-09-30; 25 lts ..2030-09-30; 24 ..2025-09-25; 23 ..2025-03-31; 22 ..2024-09-18; 21 lts ..2029-12-31
    17 lts ..2027-10-31; 11 lts ..2027-10-31; 8 lts ..2030-12-31`,
    'ibm-semeru',
  ),
};
