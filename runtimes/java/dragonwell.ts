import {
  asObject,
  asRecordSkipping,
  asString,
  foojaySource,
  hexDigest,
  type JdkFile,
  jdkLifecycle,
  jdkSource,
  type Upstream,
  type Vendor,
} from '../../src/kit';

const LIST = 'https://dragonwell-jdk.io/map_with_checksum.json';

/** Feature, Dragonwell's number, system, processor and edition lead to a file. */
const asFeatures = asRecordSkipping(
  asRecordSkipping(
    asRecordSkipping(asRecordSkipping(asRecordSkipping(asObject({ download_url: asString, sha256: asString })))),
  ),
);

/** The extended edition, which has what is Dragonwell's own, before the standard one; some versions have only one of them. */
async function files(upstream: Upstream): Promise<readonly JdkFile[]> {
  const listed = await upstream.json(LIST, asFeatures);
  return Object.values(listed)
    .flatMap((numbers) => Object.values(numbers))
    .flatMap((systems) => Object.values(systems))
    .flatMap((processors) => Object.values(processors))
    .flatMap(({ Extended, Standard }) => [Extended, Standard])
    .flatMap((file): readonly JdkFile[] => {
      const digest = hexDigest('sha256', file?.sha256 ?? '');
      return file === undefined || digest === undefined ? [] : [{ at: file.download_url, digest }];
    });
}

export const vendor: Vendor = {
  id: 'dragonwell',
  builder: /^Alibaba/i,
  sources: [
    jdkSource({
      id: 'dragonwell-jdk.io',
      vendor: 'dragonwell',
      archive:
        /^https:\/\/github\.com\/(?:alibaba|dragonwell-project|dragonwell-releng)\/dragonwell\d+\/releases\/download\/dragonwell-[\w.+%-]*_jdk-?(?<java>\d+(?:\.\d+)*|8u\d+)-ga\/Alibaba_Dragonwell_(?:Extended_|Standard_)?(?<own>\d+(?:\.\d+)*)(?:(?:\+|%2B)\d+)?_(?<arch>x64|aarch64)_(?<os>linux|alpine-linux|windows)\.(?:tar\.gz|zip)$/,
      files,
    }),
    foojaySource({
      vendor: 'dragonwell',
      distribution: 'dragonwell',
      places: ['https://github.com/alibaba/dragonwell', 'https://github.com/dragonwell-project/'],
    }),
  ],
  lifecycle: jdkLifecycle(
    '25 lts ..2029-09-30; 21 lts ..2029-11-30; 17 lts ..2027-09-30; 11 lts ..2027-09-30; 8 lts ..2026-06-30',
    'alibaba-dragonwell',
  ),
};
