import {
  asArraySkipping,
  asObject,
  asString,
  foojaySource,
  jdkLifecycle,
  jdkSource,
  type SigningKeys,
  type Vendor,
} from '../../src/kit';

/** Below the headings of https://learn.microsoft.com/java/openjdk/download, of every version the same. */
const KEYS: SigningKeys = {
  fingerprints: ['B602433384B8991302924D8235531D315B21C189'],
  material: () =>
    'https://download.visualstudio.microsoft.com/download/pr/b90071e2-e0cf-4411-98be-dbeb09d67bf0/8622862bcd54206e158c5abca0582c9b/464279_464280_aoc_20210208.asc',
};
const signature = (at: string) => ({ url: `${at}.sig`, keys: KEYS });

const LIST = 'https://aka.ms/download-jdk/microsoft-openjdk-versions.json';

const asVersions = asArraySkipping(asObject({ files: asArraySkipping(asObject({ download_url: asString })) }));

export const vendor: Vendor = {
  id: 'microsoft',
  builder: /^Microsoft/i,
  sources: [
    jdkSource({
      id: 'aka.ms',
      vendor: 'microsoft',
      archive:
        /^https:\/\/aka\.ms\/download-jdk\/microsoft-jdk-(?<number>\d+(?:\.\d+){2,4})-(?<os>linux|alpine|macos|windows)-(?<arch>x64|aarch64)\.(?:tar\.gz|zip)$/,
      // Its first ones had the build in their numbers: 11.0.13.8.1 is 11.0.13+8, and 17.0.8.1 a version of Java.
      versionOf: ({ number = '' }) => number.replace(/^(\d+\.\d+\.\d+)\.(\d+)\.\d+$/, '$1+$2').replace(/(?:\.0)+$/, ''),
      files: async (upstream) =>
        (await upstream.json(LIST, asVersions)).flatMap(({ files }) => files.map(({ download_url: at }) => ({ at }))),
      sum: (at) => `${at}.sha256sum.txt`,
      signature,
    }),
    foojaySource({
      vendor: 'microsoft',
      distribution: 'microsoft',
      places: ['https://aka.ms/download-jdk/'],
      signature,
    }),
  ],
  lifecycle: jdkLifecycle(
    '25 lts ..2030-09-30; 21 lts ..2028-09-30; 17 lts ..2027-09-30; 11 lts ..2027-09-30',
    'microsoft-build-of-openjdk',
  ),
};
