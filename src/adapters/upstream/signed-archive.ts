import { readFile } from 'node:fs/promises';
import type { Proof } from '../../domain/runtime/artifact';
import type { ArchiveSignature } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { SMALL_FILE } from './indexes';
import { type SignedTextOptions, verifyByAny } from './signed-text';

export interface SignedArchive {
  /** Absolute: the archive, proved to have the digest that was promised. */
  readonly file: string;
  /** As it is to be named in messages. */
  readonly url: string;
  readonly signature: ArchiveSignature;
}

/**
 * Whether a pinned key signed the archive itself; `undefined` where there is no signature and the policy does not ask for one.
 * Throws `signature-missing`, `signature-invalid`, `key-unknown`.
 */
export async function proveArchive(archive: SignedArchive, options: SignedTextOptions): Promise<Proof | undefined> {
  const first = await readSignature(archive, options, {});
  try {
    return await judge(archive, first, options);
  } catch (error) {
    const doubtful = error instanceof PolyenvError && ['signature-invalid', 'key-unknown'].includes(error.code);
    if (!doubtful || options.settings.offline) throw error;
    // The copy in the cache may be the bad one.
    return judge(archive, await readSignature(archive, options, { age: 'anew' }), options);
  }
}

async function readSignature(
  { signature: { url } }: SignedArchive,
  { indexes }: SignedTextOptions,
  age: { readonly age?: 'anew' },
): Promise<Uint8Array | undefined> {
  return indexes.read({ name: url, url, decode: (bytes) => bytes, optional: true, limit: SMALL_FILE, ...age });
}

async function judge(
  { file, url, signature: { keys, url: signatureUrl } }: SignedArchive,
  signature: Uint8Array | undefined,
  options: SignedTextOptions,
): Promise<Proof | undefined> {
  if (signature === undefined) {
    if (options.settings.verifySignatures !== 'required') return undefined;
    throw new PolyenvError('signature-missing', `${url} has no signature: ${signatureUrl} does not exist`, {
      hint: 'use a mirror that carries signatures, or: polyenv settings set verify.signatures when-present',
    });
  }
  const { fingerprint } = await verifyByAny({ url, keys }, { content: await readFile(file), signature }, options);
  return { kind: 'signature', by: fingerprint };
}
