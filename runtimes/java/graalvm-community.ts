import { foojaySource, githubReleases, jdkLifecycle, jdkSource, present, type Vendor } from '../../src/kit';

const REPOSITORY = 'graalvm/graalvm-ce-builds';

export const vendor: Vendor = {
  id: 'graalvm-community',
  builder: /^GraalVM Community/i,
  sources: [
    jdkSource({
      id: 'github-graalvm-community',
      vendor: 'graalvm-community',
      archive:
        /^https:\/\/github\.com\/graalvm\/graalvm-ce-builds\/releases\/download\/jdk-[\w.+%-]+\/graalvm-community-jdk-(?<java>\d+(?:\.\d+)*)_(?<os>linux|macos|windows)-(?<arch>x64|aarch64)_bin\.(?:tar\.gz|zip)$/,
      files: async (upstream) =>
        (await githubReleases(upstream, REPOSITORY, { most: 2 }))
          .flatMap(({ assets }) => assets)
          .map(({ at, size, digest }) => ({ at, ...present({ size, digest }) })),
      // Before GitHub said digests itself there was a file beside each archive.
      sum: (at) => `${at}.sha256`,
    }),
    foojaySource({
      vendor: 'graalvm-community',
      distribution: 'graalvm_community',
      places: ['https://github.com/graalvm/graalvm-ce-builds/releases/download/'],
    }),
  ],
  lifecycle: jdkLifecycle(
    `25; 24 ..2025-09-16; 23 ..2025-03-18; 22 ..2024-09-17; 21 ..2024-03-19; 20 ..2023-09-19; 17 ..2023-10-24`,
    'graalvm-ce',
  ),
};
