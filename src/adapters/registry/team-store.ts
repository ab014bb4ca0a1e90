import type { Part } from '../../domain/runtime/artifact';
import { formatDigest } from '../../domain/runtime/digest';
import type { Blob } from '../../domain/team/carried';
import { archivesOf, besideIn, type Layer, type ReadDocument, readDocument } from '../../domain/team/manifest-reading';
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

/** Where the manifest of a toolchain may be named, should the store not find an archive by its digest. */
export interface Whereabouts {
  /** The tag of the toolchain. */
  readonly toolchain: string;
  /** The tag of the lock; `undefined` where none names it. */
  lock(): Promise<string | undefined>;
}

/** A team's store, read. */
export interface TeamStore {
  /** `registry.example/team/toolchains` */
  readonly name: string;
  /** Where an archive is downloaded; `undefined` if the store does not know it. Of a sha256 nothing is asked. */
  place(part: Pick<Part, 'digest' | 'size'>, at: Whereabouts): Promise<StoredPlace | undefined>;
  /** What the toolchain's manifest carries of a small file that its upstream has at the URL: a signature, a key. */
  beside(url: string, at: Whereabouts): Promise<Uint8Array | undefined>;
}

export function openTeamStore(registry: Registry): TeamStore {
  const toolchains = new Map<string, Promise<readonly Layer[] | undefined>>();
  const layersAt = (at: Whereabouts): Promise<readonly Layer[] | undefined> => {
    const running = toolchains.get(at.toolchain) ?? findLayers(registry, at);
    toolchains.set(at.toolchain, running);
    return running;
  };
  return {
    name: registry.name,
    place: async ({ digest, size }, at) => {
      const tag = archiveTag(digest);
      if (tag === undefined) {
        const wanted = { digest: formatDigest(digest), checked: 'by-reader' as const, ...present({ size }) };
        return { ...(await blobPlace(registry, wanted)), by: 'digest' };
      }
      const layers = (await layersOf(registry, tag)) ?? (await layersAt(at));
      if (layers === undefined) return undefined;
      const found = archivesOf(layers).find((archive) => formatDigest(archive.digest) === formatDigest(digest));
      if (found === undefined) throw lies(registry, `${tag} names no archive of that digest`);
      if (size !== undefined && size !== found.blob.size)
        throw lies(registry, `${tag} names an archive of another size`);
      return { ...(await blobPlace(registry, { ...found.blob, checked: 'here' })), by: 'manifest' };
    },
    beside: async (url, at) => {
      const layers = await layersAt(at);
      const blob = layers === undefined ? undefined : besideIn(layers, url);
      return blob === undefined ? undefined : readSmall(registry, blob);
    },
  };
}

/** By the toolchain's own tag, else through the index of the lock, which is all that a copy of a lock brings along. */
async function findLayers(registry: Registry, at: Whereabouts): Promise<readonly Layer[] | undefined> {
  const own = await layersOf(registry, at.toolchain);
  if (own !== undefined) return own;
  const lock = await at.lock();
  const index = lock === undefined ? undefined : await documentAt(registry, lock);
  if (index?.kind !== 'index') return undefined;
  const named = index.manifests.find(({ annotations }) => annotations['dev.polyenv.tag'] === at.toolchain);
  return named === undefined ? undefined : layersOf(registry, named.digest);
}

/** Bytes of a signature or a key: far more than one needs. */
const SMALL_LIMIT = 2 ** 20;

async function layersOf(registry: Registry, name: string): Promise<readonly Layer[] | undefined> {
  const found = await documentAt(registry, name);
  return found?.kind === 'manifest' ? found.layers : undefined;
}

async function documentAt(registry: Registry, name: string): Promise<ReadDocument | undefined> {
  const text = await readManifest(registry, name, 'pull');
  if (text === undefined) return undefined;
  const read = readDocument(text);
  if ('problem' in read) throw problem(`${registry.name} has a ${name} that ${read.problem}`);
  return read;
}

async function readSmall(registry: Registry, blob: Blob): Promise<Uint8Array | undefined> {
  if (blob.size > SMALL_LIMIT) return undefined;
  const { http, url } = await blobPlace(registry, { ...blob, checked: 'here' });
  const answer = await http.get(url, { encoding: 'raw', headers: { 'accept-encoding': 'identity' } });
  if (answer.status !== 200) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A manifest that contradicts what was asked for was made so: nobody else is asked. */
function lies(registry: Registry, what: string): PolyenvError {
  return new PolyenvError('digest-mismatch', `${registry.name} has a manifest that is wrong: ${what}`, {
    hint: `ask who can push to ${registry.name}; to do without it: polyenv settings unset store`,
  });
}
