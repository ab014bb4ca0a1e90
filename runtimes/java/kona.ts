import {
  asArraySkipping,
  asObject,
  asRecordSkipping,
  asString,
  foojaySource,
  hexDigest,
  jdkSource,
  present,
  type Vendor,
} from '../../src/kit';

const LIST = 'https://tencent.github.io/konajdk/releases/kona-v1.json';

const asFeatures = asRecordSkipping(
  asArraySkipping(
    asObject({ baseUrl: asString, files: asArraySkipping(asObject({ filename: asString, checksum: asString })) }),
  ),
);

/** Tencent Kona. It publishes no ends of support. */
export const vendor: Vendor = {
  id: 'kona',
  builder: /^Tencent/i,
  sources: [
    jdkSource({
      id: 'tencent.github.io',
      vendor: 'kona',
      archive:
        /^https:\/\/github\.com\/Tencent\/TencentKona-\d+\/releases\/download\/[\w.+%-]+\/TencentKona-?(?<number>\d+(?:\.\d+)*)\.b\d+[-_]jdk_(?:fiber_)?(?<os>linux|macosx|windows)-(?<arch>x86_64|aarch64)(?:_(?<eight>8u\d+))?(?:_notarized|_signed)?\.(?:tar\.gz|zip)$/,
      // Of 8, Kona has numbers of its own: 8.0.20 is its 8u432.
      versionOf: ({ number = '', eight }) => eight ?? number,
      files: async (upstream) =>
        Object.values(await upstream.json(LIST, asFeatures))
          .flat()
          .flatMap(({ baseUrl, files }) =>
            files.map(({ filename, checksum }) => ({
              at: `${baseUrl}${filename}`,
              ...present({ digest: hexDigest('sha256', checksum) }),
            })),
          ),
    }),
    foojaySource({ vendor: 'kona', distribution: 'kona', places: ['https://github.com/Tencent/TencentKona-'] }),
  ],
};
