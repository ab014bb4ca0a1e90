import {
  asArraySkipping,
  asCount,
  asObject,
  asString,
  foojaySource,
  githubDigests,
  jdkSource,
  optional,
  present,
  type Vendor,
} from '../../src/kit';

/** https://api.bell-sw.com/api.html */
const API = 'https://api.bell-sw.com/v1/nik/releases';
const REPOSITORY = 'bell-sw/LibericaNIK';

const asReleases = asArraySkipping(asObject({ downloadUrl: asString, size: optional(asCount) }));

/** Liberica Native Image Kit. Its digests are on GitHub, as those of Liberica; it publishes no ends of support. */
export const vendor: Vendor = {
  id: 'liberica-nik',
  sources: [
    jdkSource({
      id: 'api.bell-sw.com-nik',
      vendor: 'liberica-nik',
      archive:
        /^https:\/\/github\.com\/bell-sw\/LibericaNIK\/releases\/download\/(?<tag>[\w.+%-]+)\/bellsoft-liberica-vm-(?<fx>full-)?openjdk(?<java>\d+(?:\.\d+)*(?:\+\d+)?)-(?<own>\d+(?:\.\d+)*)(?:\+\d+)?-(?<os>linux|macos|windows)-(?<arch>amd64|x64|aarch64)(?<musl>-musl)?\.(?:tar\.gz|zip)$/,
      files: async (upstream, { variant }) => {
        const bundle = variant === 'javafx' ? 'full' : 'standard';
        const query = `bundle-type=${bundle}&bitness=64&build-type=all&installation-type=archive&fields=downloadUrl%2Csize`;
        const releases = await upstream.json(`${API}?${query}`, asReleases);
        return releases.map(({ downloadUrl: at, size }) => ({ at, ...present({ size }) }));
      },
      sums: (upstream, { groups: { tag = '' } }) => githubDigests(upstream, REPOSITORY, decodeURIComponent(tag)),
    }),
    foojaySource({
      vendor: 'liberica-nik',
      distribution: 'liberica_nik',
      places: ['https://download.bell-sw.com/', 'https://github.com/bell-sw/'],
    }),
  ],
};
