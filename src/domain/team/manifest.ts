import { createHash } from 'node:crypto';
import { formatDigest } from '../runtime/digest';
import { type PlatformKey, platformOf } from '../runtime/platform';
import { formatProof } from '../toolchain/proof-kinds';
import { present } from '../words/present';
import { type Blob, type Carried, type CarriedArchive, carriedText } from './carried';
import {
  ARCHIVE_TYPE,
  archiveMediaType,
  EMPTY_CONFIG,
  IMAGE_CONFIG,
  INDEX,
  KEY,
  LOCK_TYPE,
  MANIFEST,
  OWN_FILE,
  RELEASE_TYPE,
  SIGNATURE,
  TOOLCHAIN_TYPE,
} from './media-types';
import { toolchainTag } from './tag';

/** Bytes that go to a registry, with the name that they have there. */
export interface Document extends Blob {
  readonly mediaType: string;
  readonly text: string;
}

/** An archive with the blob that holds it, and the detached signature of it, where the upstream makes one. */
export interface StoredArchive extends CarriedArchive {
  readonly blob: Blob;
  readonly signature?: Beside & { readonly keys: readonly Beside[] };
}

/** A small file that proves an archive, with where its upstream has it. */
export interface Beside {
  readonly blob: Blob;
  readonly url: string;
}

/** `artifact`: with an empty config, as the specification has it; `image`: for registries that know images only. */
export type ManifestForm = 'artifact' | 'image';

export const EMPTY_BLOB = blobOf('{}');

/** The config of a manifest of that form: a blob like any other. */
export function configOf(form: ManifestForm): Document {
  const text = form === 'artifact' ? '{}' : canonicalJson(IMAGE);
  return { ...blobOf(text), mediaType: form === 'artifact' ? EMPTY_CONFIG : IMAGE_CONFIG, text };
}

/** Pushed by its digest, without a tag, to learn what the registry takes before anything of size is sent. */
export function probeManifest(form: ManifestForm): Document {
  const layer = { digest: EMPTY_BLOB.digest, mediaType: archiveMediaType('tar.gz'), size: EMPTY_BLOB.size };
  return manifestOf({ form, type: TOOLCHAIN_TYPE, layers: [layer], annotations: { 'dev.polyenv.probe': 'true' } });
}

/** The manifest of a toolchain for one platform: the same bytes for the same toolchain, each time. */
export function toolchainManifest(carried: Carried, stored: readonly StoredArchive[], form: ManifestForm): Document {
  const { tool, version, vendor, variant, source, platform } = carried;
  return manifestOf({
    form,
    type: TOOLCHAIN_TYPE,
    layers: layersOf(stored),
    annotations: {
      'dev.polyenv.platform': platform,
      'dev.polyenv.source': source,
      'dev.polyenv.toolchain': tool,
      'dev.polyenv.version': version,
      ...present({ 'dev.polyenv.vendor': vendor, 'dev.polyenv.variant': variant }),
      'org.opencontainers.image.title': carriedText(carried),
    },
  });
}

/** The manifest by which an archive is found that the lock names by another digest than sha256. */
export function archiveManifest({ part, format, blob }: StoredArchive, form: ManifestForm): Document {
  const digest = formatDigest(part.digest);
  const layer = {
    annotations: { 'dev.polyenv.digest': digest, 'org.opencontainers.image.title': `archive.${format}` },
    digest: blob.digest,
    mediaType: archiveMediaType(format),
    size: blob.size,
  };
  return manifestOf({ form, type: ARCHIVE_TYPE, layers: [layer], annotations: { 'dev.polyenv.digest': digest } });
}

/** A release of polyenv itself: its signed list of digests, and its archives. */
export function ownReleaseManifest(of: {
  readonly version: string;
  readonly files: readonly { readonly name: string; readonly blob: Blob }[];
  readonly archives: readonly { readonly name: string; readonly digest: string; readonly blob: Blob }[];
  readonly form: ManifestForm;
}): Document {
  const row = (name: string, { digest, size }: Blob, mediaType: string, annotations: object = {}): object => ({
    annotations: { 'dev.polyenv.at': name, 'org.opencontainers.image.title': name, ...annotations },
    digest,
    mediaType,
    size,
  });
  const layers = [
    ...of.files.map(({ name, blob }) => row(name, blob, OWN_FILE)),
    ...of.archives.map(({ name, digest, blob }) =>
      row(name, blob, archiveMediaType('tar.gz'), { 'dev.polyenv.digest': digest }),
    ),
  ];
  return manifestOf({ form: of.form, type: OWN_FILE, layers, annotations: { 'dev.polyenv.version': of.version } });
}

/** A manifest that stands in the registry already, or is about to. */
export interface Entry {
  readonly carried: Carried;
  readonly manifest: Blob;
}

/** Every platform of one release: what people and other tools look at. polyenv never reads it. */
export function releaseIndex(entries: readonly Entry[]): Document {
  return indexOf(RELEASE_TYPE, entries);
}

/** All that a lock names: what `store status` asks for and what people copy. */
export function lockIndex(entries: readonly Entry[]): Document {
  return indexOf(LOCK_TYPE, entries);
}

/** JSON with sorted keys and nothing between the words. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** The digest and size of a text's bytes. */
export function blobOf(content: string | Uint8Array): Blob {
  const bytes = Buffer.from(content);
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md: as little as every registry takes. */
const IMAGE = { architecture: 'amd64', config: {}, os: 'linux', rootfs: { diff_ids: [], type: 'layers' } };

function manifestOf(made: {
  readonly form: ManifestForm;
  readonly type: string;
  readonly layers: readonly object[];
  readonly annotations: Readonly<Record<string, string>>;
}): Document {
  const { form, type, layers, annotations } = made;
  const { digest, mediaType, size } = configOf(form);
  return documentOf(MANIFEST, {
    annotations,
    ...(form === 'artifact' && { artifactType: type }),
    config: { digest, mediaType, size },
    layers,
    mediaType: MANIFEST,
    schemaVersion: 2,
  });
}

function layersOf(stored: readonly StoredArchive[]): readonly object[] {
  const titles = titlesOf(stored.map(({ part }) => part.at));
  const keys = new Map(stored.flatMap(({ signature }) => signature?.keys.map((key) => [key.url, key]) ?? []));
  const archives = stored.flatMap(({ part, format, blob, signature }, index) => [
    {
      annotations: {
        'dev.polyenv.at': part.at,
        'dev.polyenv.digest': formatDigest(part.digest),
        'dev.polyenv.proof': formatProof(part.proof),
        'org.opencontainers.image.title': titles[index],
      },
      digest: blob.digest,
      mediaType: archiveMediaType(format),
      size: blob.size,
    },
    ...(signature === undefined
      ? []
      : [
          {
            annotations: {
              'dev.polyenv.at': signature.url,
              'dev.polyenv.signs': formatDigest(part.digest),
              'org.opencontainers.image.title': `${titles[index]}.signature`,
            },
            digest: signature.blob.digest,
            mediaType: SIGNATURE,
            size: signature.blob.size,
          },
        ]),
  ]);
  const kept = [...keys.values()].map(({ url, blob }, index) => ({
    annotations: { 'dev.polyenv.at': url, 'org.opencontainers.image.title': `key-${index}.asc` },
    digest: blob.digest,
    mediaType: KEY,
    size: blob.size,
  }));
  return [...archives, ...kept];
}

/** Other tools make files of these: plain names, none twice. */
function titlesOf(places: readonly string[]): readonly string[] {
  const used = new Set<string>();
  return places.map((at, index) => {
    const last =
      at
        .replace(/[?#].*$/s, '')
        .split('/')
        .at(-1) ?? '';
    const name = last
      .replace(/[^A-Za-z0-9._+-]/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 120);
    const title = name === '' || used.has(name) ? `${index}-${name === '' ? 'archive' : name}` : name;
    used.add(title);
    return title;
  });
}

/**
 * Descriptors without `artifactType`: tools that copy drop it, and so would give the index another digest. Sorted by tag.
 */
function indexOf(type: string, entries: readonly Entry[]): Document {
  const rows = new Map(entries.map((entry) => [toolchainTag(entry.carried), entry]));
  const manifests = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([tag, { carried, manifest }]) => ({
      annotations: { 'dev.polyenv.tag': tag },
      digest: manifest.digest,
      mediaType: MANIFEST,
      platform: imagePlatform(carried.platform),
      size: manifest.size,
    }));
  return documentOf(INDEX, { artifactType: type, manifests, mediaType: INDEX, schemaVersion: 2 });
}

/** https://github.com/opencontainers/image-spec/blob/main/image-index.md */
function imagePlatform(key: PlatformKey): object {
  const { os, arch, libc } = platformOf(key);
  const architecture = arch === 'x64' ? 'amd64' : arch;
  return { architecture, os, ...(libc === 'musl' && { 'os.features': ['musl'] }) };
}

function documentOf(mediaType: string, value: object): Document {
  const text = canonicalJson(value);
  return { ...blobOf(text), mediaType, text };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || !value) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
