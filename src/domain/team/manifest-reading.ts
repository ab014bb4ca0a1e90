import type { ArchiveFormat } from '../runtime/artifact';
import { type Digest, parseDigest } from '../runtime/digest';
import type { Blob } from './carried';
import { archiveFormat, INDEX, KEY, MANIFEST, OWN_FILE, SIGNATURE } from './media-types';

/** A manifest or index as it came from elsewhere, as far as polyenv reads it. Nothing of it is believed. */
export type ReadDocument =
  | {
      readonly kind: 'manifest';
      readonly config: Blob;
      readonly layers: readonly Layer[];
      readonly annotations: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'index'; readonly manifests: readonly Named[] };

export interface Layer extends Blob {
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Named extends Layer {
  readonly kind: 'manifest' | 'index';
}

/** Bytes of a manifest or index, and its members: what one lock can need, and what registries take. */
export const DOCUMENT_LIMITS = { bytes: 4 * 2 ** 20, members: 12_000, blob: 2 ** 40 } as const;

/** What the text says, or why it is no manifest, in words that follow `it `. */
export function readDocument(text: string): ReadDocument | { readonly problem: string } {
  if (Buffer.byteLength(text) > DOCUMENT_LIMITS.bytes)
    return { problem: `is larger than ${DOCUMENT_LIMITS.bytes} bytes` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is no JSON' };
  }
  if (!isRecord(value) || value.schemaVersion !== 2) return { problem: 'is no manifest of schema 2' };
  const { mediaType } = value;
  const isIndex = mediaType === INDEX || (mediaType === undefined && Array.isArray(value.manifests));
  if (!isIndex && mediaType !== MANIFEST && mediaType !== undefined) return { problem: 'is of another media type' };
  const members = isIndex ? value.manifests : value.layers;
  if (!Array.isArray(members) || members.length > DOCUMENT_LIMITS.members) return { problem: 'has no list of members' };
  const layers = members.map(readLayer);
  if (!layers.every((layer) => layer !== undefined)) return { problem: 'has a member that cannot be read' };
  if (isIndex) {
    const manifests = layers.flatMap((layer): readonly Named[] => {
      const kind = layer.mediaType === INDEX ? 'index' : layer.mediaType === MANIFEST ? 'manifest' : undefined;
      return kind === undefined ? [] : [{ ...layer, kind }];
    });
    return { kind: 'index', manifests };
  }
  const config = readLayer(value.config);
  if (config === undefined) return { problem: 'has no config' };
  return { kind: 'manifest', config, layers, annotations: textsIn(value.annotations) };
}

/** An archive that a manifest names, by the digest that a lock would name it by. */
export interface NamedArchive {
  readonly digest: Digest;
  readonly format: ArchiveFormat;
  readonly blob: Blob;
}

/** The archives of a manifest. A layer that says no digest of its own is named by the registry's. */
export function archivesOf(layers: readonly Layer[]): readonly NamedArchive[] {
  return layers.flatMap((layer) => {
    const format = archiveFormat(layer.mediaType);
    const digest = parseDigest(layer.annotations['dev.polyenv.digest'] ?? layer.digest);
    if (format === undefined || digest === undefined) return [];
    return [{ digest, format, blob: { digest: layer.digest, size: layer.size } }];
  });
}

/** The small file that proves an archive and that its upstream has at the URL, if the manifest carries it: a signature, a key. */
export function besideIn(layers: readonly Layer[], url: string): Blob | undefined {
  const found = layers.find(
    ({ mediaType, annotations }) =>
      [SIGNATURE, KEY, OWN_FILE].includes(mediaType) && annotations['dev.polyenv.at'] === url,
  );
  return found === undefined ? undefined : { digest: found.digest, size: found.size };
}

/** Whether the text is a digest by which a blob can be asked for. */
export function isBlobDigest(text: unknown): text is string {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text);
}

function readLayer(value: unknown): Layer | undefined {
  if (!isRecord(value)) return undefined;
  const { mediaType, digest, size } = value;
  const annotations = value.annotations ?? {};
  const isSize = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && size <= DOCUMENT_LIMITS.blob;
  if (typeof mediaType !== 'string' || mediaType.length > 255 || !isBlobDigest(digest) || !isSize) return undefined;
  if (!isRecord(annotations) || !Object.values(annotations).every((text) => typeof text === 'string')) return undefined;
  return { mediaType, digest, size, annotations: annotations as Readonly<Record<string, string>> };
}

function textsIn(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && Boolean(value) && !Array.isArray(value);
}
