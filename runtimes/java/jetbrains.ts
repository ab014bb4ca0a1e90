import { foojaySource, githubReleases, type JdkFile, jdkSource, type Upstream, type Vendor } from '../../src/kit';

const PLACE = 'https://cache-redirector.jetbrains.com/intellij-jbr/';

/** The text of each release on GitHub has a table of links to its builds. */
async function files(upstream: Upstream): Promise<readonly JdkFile[]> {
  const releases = await githubReleases(upstream, 'JetBrains/JetBrainsRuntime', { most: 2 });
  const places = releases.flatMap(({ body }) => body.match(/https:\/\/[\w./-]+\.tar\.gz(?![.\w])/g) ?? []);
  return [...new Set(places)].map((at) => ({ at }));
}

/** JetBrains Runtime, plain: the builds with JCEF, for an IDE itself, are not offered. It publishes no ends of support. */
export const vendor: Vendor = {
  id: 'jetbrains',
  builder: /^JetBrains/i,
  sources: [
    jdkSource({
      id: 'github-jetbrains',
      vendor: 'jetbrains',
      archive:
        /^https:\/\/cache-redirector\.jetbrains\.com\/intellij-jbr\/(?:jbrsdk|(?<jre>jbr))-(?<java>\d+(?:[._]\d+)*)-(?<os>linux|osx|windows)(?<musl>-musl)?-(?<arch>x64|aarch64)-b(?<behind>\d+(?:\.\d+)?)\.tar\.gz$/,
      versionOf: ({ java = '' }) => java.replaceAll('_', '.'),
      files,
      sum: (at) => `${at}.checksum`,
    }),
    foojaySource({ vendor: 'jetbrains', distribution: 'jetbrains', places: [PLACE] }),
  ],
};
