import type { Blob } from './carried';
import { canonicalJson, type Document } from './manifest';
import { readDocument } from './manifest-reading';
import { INDEX } from './media-types';

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_INDEX = 'index.json';
export const LAYOUT_TEXT = '{"imageLayoutVersion":"1.0.0"}';

/** A document with the tag under which other tools find it. */
export interface TaggedDocument {
  readonly tag: string;
  readonly document: Document;
}

/** Where a blob lies: `blobs/sha256/...`. Its digest was checked to be one. */
export function blobName({ digest }: Pick<Blob, 'digest'>): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** `index.json`: what is there by tag. What stood in an earlier one stays, unless its tag is set anew. */
export function renderLayoutIndex(tagged: readonly TaggedDocument[], before?: string): string {
  const rows = new Map<string, object>();
  for (const row of rowsOf(before)) {
    const name = (row.annotations as Readonly<Record<string, unknown>> | undefined)?.[REF_NAME];
    rows.set(typeof name === 'string' ? name : `\0${String(row.digest)}`, row);
  }
  for (const { tag, document } of tagged) {
    const { digest, mediaType, size } = document;
    rows.set(tag, { annotations: { [REF_NAME]: tag }, digest, mediaType, size });
  }
  const manifests = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return canonicalJson({ manifests, mediaType: INDEX, schemaVersion: 2 });
}

const REF_NAME = 'org.opencontainers.image.ref.name';

function rowsOf(before: string | undefined): readonly Readonly<Record<string, unknown>>[] {
  if (before === undefined || 'problem' in readDocument(before)) return [];
  const { manifests } = JSON.parse(before) as { readonly manifests?: readonly Readonly<Record<string, unknown>>[] };
  return manifests ?? [];
}
