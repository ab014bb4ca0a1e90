import { ARCHIVE_FORMATS, type ArchiveFormat } from '../runtime/artifact';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';
/** For registries that refuse every config that is not an image's. */
export const IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json';

export const TOOLCHAIN_TYPE = 'application/vnd.polyenv.toolchain.v1';
export const ARCHIVE_TYPE = 'application/vnd.polyenv.archive.v1';
export const RELEASE_TYPE = 'application/vnd.polyenv.release.v1';
export const LOCK_TYPE = 'application/vnd.polyenv.lock.v1';
/** A detached signature of the layer before it, and the keys that may have made it. */
export const SIGNATURE = 'application/vnd.polyenv.signature.v1';
/** A small file of a release of polyenv itself: the list of digests, its signature. */
export const OWN_FILE = 'application/vnd.polyenv.own.v1';
export const KEY = 'application/vnd.polyenv.key.v1';

/** The media type of a layer: `application/vnd.polyenv.archive.v1+gzip`, `+xz`, `+zip`. */
export function archiveMediaType(format: ArchiveFormat): string {
  return `${ARCHIVE_TYPE}+${format === 'tar.gz' ? 'gzip' : format.replace(/^tar\./, '')}`;
}

/** The format that a layer's media type names, or `undefined` if it is no archive that we know. */
export function archiveFormat(mediaType: string): ArchiveFormat | undefined {
  return ARCHIVE_FORMATS.find((format) => archiveMediaType(format) === mediaType);
}
