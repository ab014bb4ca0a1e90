import {
  asObject,
  asRecordSkipping,
  asString,
  foojaySource,
  hexDigest,
  type JdkFile,
  jdkLifecycle,
  jdkSource,
  present,
  type ToolRequest,
  type Upstream,
  type Vendor,
} from '../../src/kit';

const LIST = 'https://sapmachine.io/assets/data/sapmachine-releases-all.json';

const asFile = asObject({ url: asString, checksum: asString });

/** Feature, version and tag lead to a release; image, platform and format to its files. */
const asFeatures = asRecordSkipping(
  asObject({
    updates: asRecordSkipping(
      asRecordSkipping(asObject({ assets: asRecordSkipping(asRecordSkipping(asRecordSkipping(asFile))) })),
    ),
  }),
);

async function files(upstream: Upstream, request: ToolRequest): Promise<readonly JdkFile[]> {
  const image = request.variant === 'jre' ? 'jre' : 'jdk';
  return Object.values(await upstream.json(LIST, asFeatures))
    .flatMap(({ updates }) => Object.values(updates))
    .flatMap((tags) => Object.values(tags))
    .flatMap(({ assets }) => Object.values(assets[image] ?? {}))
    .flatMap((formats) => Object.values(formats))
    .map(({ url, checksum }) => ({
      at: url,
      ...present({ digest: hexDigest('sha256', checksum.replace(/^sha256[: ]/, '')) }),
    }));
}

export const vendor: Vendor = {
  id: 'sapmachine',
  builder: /^SAP/i,
  sources: [
    jdkSource({
      id: 'sapmachine.io',
      vendor: 'sapmachine',
      archive:
        /^https:\/\/github\.com\/SAP\/SapMachine\/releases\/download\/sapmachine-[\w.+%-]+\/sapmachine-(?<image>jdk|jre)-(?<java>\d+(?:\.\d+)*(?:-ea\.\d+)?)(?:-\d+)?_(?<os>linux|macos|osx|windows)-(?<arch>x64|aarch64)(?<musl>-musl)?_bin\.(?:tar\.gz|zip)$/,
      files,
      early: true,
    }),
    foojaySource({
      vendor: 'sapmachine',
      distribution: 'sap_machine',
      places: ['https://github.com/SAP/SapMachine/releases/download/'],
    }),
  ],
  lifecycle: jdkLifecycle(
    `26 ..2026-09-15; 25 lts ..2030-09-30; 24 ..2025-09-16; 23 ..2025-03-18; 22 ..2024-09-17; 21 lts ..2028-09-01
    20 ..2023-09-19; 19 ..2023-03-17; 18 ..2022-09-19; 17 lts ..2026-09-01; 16 ..2021-09-14; 15 ..2021-03-15
    14 ..2020-09-16; 13 ..2020-03-18; 12 ..2019-09-18; 11 lts ..2024-12-01; 10 ..2018-09-25`,
    'sapmachine',
  ),
};
