import { hashBlob, readBlob } from '../../adapters/registry/blob-files';
import { putManifest } from '../../adapters/registry/manifests';
import type { Registry } from '../../adapters/registry/registry';
import { findBlob, mountBlob, uploadBlob } from '../../adapters/registry/uploads';
import { formatDigest } from '../../domain/runtime/digest';
import type { Blob } from '../../domain/team/carried';
import {
  configOf,
  type Document,
  EMPTY_BLOB,
  type ManifestForm,
  probeManifest,
  type StoredArchive,
} from '../../domain/team/manifest';
import type { Reference } from '../../domain/team/reference';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import type { OwnedPart } from '../toolchains/lock-belief';
import { limit } from '../toolchains/slots';
import { type Cargo, keepArchive, proofFiles } from './cargo';

/** A toolchain whose every archive lies in the registry. */
export interface StoredCargo {
  readonly cargo: Cargo;
  readonly archives: readonly StoredArchive[];
}

/** Brings blobs into one registry; each once, however many manifests name it. */
export interface Freight {
  /** The form of manifests that the registry takes, found out before anything of size is sent. */
  form(): Promise<ManifestForm>;
  /** Every archive of it, there: found, mounted or sent. Only what must be sent is fetched. */
  store(cargo: Cargo): Promise<StoredCargo>;
  /** Bytes that were sent so far. */
  sent(): number;
}

export function openFreight(ctx: Context, registry: Registry, mountFrom: readonly Reference[]): Freight {
  const blobs = new Map<string, Promise<Blob>>();
  let probed: Promise<ManifestForm> | undefined;
  let sent = 0;
  const form = (): Promise<ManifestForm> => {
    probed ??= probe();
    return probed;
  };
  return {
    form,
    store: async (cargo) => {
      await form();
      const archives = await Promise.allSettled(cargo.pieces.map((piece) => storeArchive(cargo, piece)));
      const failed = archives.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return { cargo, archives: archives.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])) };
    },
    sent: () => sent,
  };

  /**
   * A manifest that names only two bytes, sent first. A registry that refuses it would refuse ours after all archives
   * were sent.
   */
  async function probe(): Promise<ManifestForm> {
    let refusal: unknown;
    for (const tried of ['artifact', 'image'] as const) {
      await putSmall(Buffer.from('{}'), EMPTY_BLOB);
      const config = configOf(tried);
      await putSmall(Buffer.from(config.text), config);
      try {
        await putManifest(registry, probeManifest(tried));
        return tried;
      } catch (error) {
        if (!(error instanceof PolyenvError) || error.status === undefined || !REFUSALS.has(error.status)) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  async function storeArchive(cargo: Cargo, piece: OwnedPart): Promise<StoredArchive> {
    const { part, recipe } = piece;
    const key = formatDigest(part.digest);
    const running = blobs.get(key) ?? place(cargo, piece);
    blobs.set(key, running);
    const blob = await running;
    const signature = await storeSignature(cargo, piece);
    return { part, format: recipe.format, blob, ...present({ signature }) };
  }

  async function place(cargo: Cargo, piece: OwnedPart): Promise<Blob> {
    const known = await alreadyThere(piece);
    if (known !== undefined) return known;
    const file = await keepArchive(ctx, cargo, { ...piece, avoid: registry.name });
    const blob = await hashBlob(file, piece.part.digest);
    if (piece.part.digest.kind !== 'sha256' && (await findBlob(registry, blob.digest, 'push')) !== undefined)
      return blob;
    if (piece.part.digest.kind !== 'sha256' && (await mounted(blob.digest))) return blob;
    const { tool, version } = cargo.carried;
    await limit(ctx.settings.jobs, () =>
      uploadBlob(registry, {
        ...blob,
        read: (from, to) => readBlob(file, from, to),
        onBytes: (bytes) => ctx.emit({ type: 'progress', tool, version, phase: 'upload', bytes, total: blob.size }),
      }),
    );
    sent += blob.size;
    return blob;
  }

  /** By its digest, which is the registry's too: nothing has to be fetched to know it. */
  async function alreadyThere({ part }: OwnedPart): Promise<Blob | undefined> {
    if (part.digest.kind !== 'sha256') return undefined;
    const digest = formatDigest(part.digest);
    const found =
      (await findBlob(registry, digest, 'push')) ??
      ((await mounted(digest)) ? await findBlob(registry, digest, 'push') : undefined);
    const size = part.size ?? found?.size;
    return found === undefined || size === undefined ? undefined : { digest, size };
  }

  async function mounted(digest: string): Promise<boolean> {
    for (const { repository } of mountFrom) if (await mountBlob(registry, digest, repository)) return true;
    return false;
  }

  async function storeSignature(cargo: Cargo, piece: OwnedPart): Promise<StoredArchive['signature']> {
    const found = await proofFiles(ctx, cargo, piece);
    await Promise.all(found.files.map(({ blob, bytes }) => putSmall(bytes, blob)));
    return found.signature;
  }

  async function putSmall(bytes: Uint8Array, blob: Blob | Document): Promise<void> {
    const { digest, size } = blob;
    const running = blobs.get(digest) ?? sendSmall(bytes, { digest, size });
    blobs.set(digest, running);
    await running;
  }

  async function sendSmall(bytes: Uint8Array, blob: Blob): Promise<Blob> {
    if ((await findBlob(registry, blob.digest, 'push')) !== undefined) return blob;
    const read = async function* (from: number, to: number): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(from, to);
    };
    await uploadBlob(registry, { ...blob, read, onBytes: () => undefined });
    return blob;
  }
}

/** What a registry says to a manifest of a kind that it does not take. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 405, 406, 415, 422]);
