import type { Part } from '../../domain/runtime/artifact';
import { formatDigest } from '../../domain/runtime/digest';
import type { Blob } from '../../domain/team/carried';
import { archivesOf, type Layer, readDocument, signatureIn } from '../../domain/team/manifest-reading';
import { archiveTag } from '../../domain/team/tag';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { type BlobPlace, blobPlace } from './blobs';
import { readManifest } from './manifests';
import { problem, type Registry } from './registry';

/** What a team's store has of an archive. Nothing of it is believed but by the digest of who asks. */
export interface StoredPlace extends BlobPlace {
  /** `digest`: by the digest that was asked for; `manifest`: by a blob of which a manifest says that it is it. */
  readonly by: 'digest' | 'manifest';
}

/** A team's store, read. */
export interface TeamStore {
  /** `registry.example/team/toolchains` */
  readonly name: string;
  /** Where an archive is downloaded; `undefined` if the store does not know it. Of a sha256 nothing is asked. */
  place(part: Pick<Part, 'digest' | 'size'>): Promise<StoredPlace | undefined>;
  /** The detached signature that the manifest of the tag carries for a part, if there is one. */
  signature(tag: string, part: Pick<Part, 'digest'>): Promise<Uint8Array | undefined>;
}

export function openTeamStore(registry: Registry): TeamStore {
  return {
    name: registry.name,
    place: async ({ digest, size }) => {
      const tag = archiveTag(digest);
      if (tag === undefined) {
        const wanted = { digest: formatDigest(digest), checked: 'by-reader' as const, ...present({ size }) };
        return { ...(await blobPlace(registry, wanted)), by: 'digest' };
      }
      const layers = await layersOf(registry, tag);
      if (layers === undefined) return undefined;
      const found = archivesOf(layers).find((archive) => formatDigest(archive.digest) === formatDigest(digest));
      if (found === undefined) throw lies(registry, `${tag} names no archive of that digest`);
      if (size !== undefined && size !== found.blob.size)
        throw lies(registry, `${tag} names an archive of another size`);
      return { ...(await blobPlace(registry, { ...found.blob, checked: 'here' })), by: 'manifest' };
    },
    signature: async (tag, { digest }) => {
      const layers = await layersOf(registry, tag);
      const blob = layers === undefined ? undefined : signatureIn(layers, digest);
      return blob === undefined ? undefined : readSmall(registry, blob);
    },
  };
}

/** Bytes of a detached signature: far more than one needs. */
const SIGNATURE_LIMIT = 2 ** 20;

async function layersOf(registry: Registry, tag: string): Promise<readonly Layer[] | undefined> {
  const text = await readManifest(registry, tag, 'pull');
  if (text === undefined) return undefined;
  const read = readDocument(text);
  if ('problem' in read) throw problem(`${registry.name} has a ${tag} that ${read.problem}`);
  return read.kind === 'manifest' ? read.layers : undefined;
}

async function readSmall(registry: Registry, blob: Blob): Promise<Uint8Array | undefined> {
  if (blob.size > SIGNATURE_LIMIT) return undefined;
  const { http, url } = await blobPlace(registry, { ...blob, checked: 'here' });
  const answer = await http.get(url, { encoding: 'raw', headers: { 'accept-encoding': 'identity' } });
  if (answer.status !== 200) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A manifest that contradicts what was asked for was made so: nobody else is asked. */
function lies(registry: Registry, what: string): PolyenvError {
  return new PolyenvError('digest-mismatch', `${registry.name} has a manifest that lies: ${what}`, {
    hint: `ask who can push to ${registry.name}; to do without it: polyenv settings unset store`,
  });
}
