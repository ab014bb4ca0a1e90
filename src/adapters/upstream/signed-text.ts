import { join } from 'node:path';
import type { Settings } from '../../domain/project/settings';
import type { Proof } from '../../domain/runtime/artifact';
import type { SigningKeys } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import { present } from '../../domain/words/present';
import { readTextIfAny } from '../files/fs';
import type { Home } from '../home/paths';
import { type Ask, decodeText, type Indexes, SMALL_FILE } from './indexes';
import { verifySignature } from './signature';

export interface SignedTextOptions {
  readonly home: Home;
  readonly settings: Settings;
  readonly indexes: Indexes;
  readonly emit?: Emit;
}

export interface SignedFile {
  readonly url: string;
  readonly signatureUrl: string;
  readonly keys: SigningKeys;
}

/**
 * The text with what proves it, by the policy `verify.signatures`. Throws `signature-missing` where the policy requires one,
 * `signature-invalid` and `key-unknown` whenever there is one that does not hold: a bad signature is never taken for none.
 * A copy in the cache is replaced once before that is said, as text and signature may have been kept at different times.
 */
export async function readSignedText(
  file: SignedFile,
  options: SignedTextOptions,
): Promise<{ readonly text: string; readonly proof: Proof } | undefined> {
  const { settings } = options;
  const first = await readPair(file, options, {});
  if (first === undefined) return undefined;
  if (settings.verifySignatures === 'off') return { text: decodeText(first.content), proof: indexProof(file.url) };
  try {
    return await judge(file, first, options);
  } catch (error) {
    const doubtful =
      error instanceof PolyenvError && ['signature-invalid', 'signature-missing', 'key-unknown'].includes(error.code);
    if (!doubtful || settings.offline) throw error;
    const again = await readPair(file, options, { age: 'anew' });
    if (again === undefined) return undefined;
    return judge(file, again, options);
  }
}

interface Pair {
  readonly content: Uint8Array;
  readonly signature: Uint8Array | undefined;
}

async function readPair(
  { url, signatureUrl }: SignedFile,
  { indexes, settings }: SignedTextOptions,
  age: Pick<Ask<unknown>, 'age'>,
): Promise<Pair | undefined> {
  const [content, signature] = await Promise.all([
    indexes.read({ name: url, url, decode: checkText, ...age }),
    settings.verifySignatures === 'off'
      ? undefined
      : indexes.read({
          name: signatureUrl,
          url: signatureUrl,
          decode: keepBytes,
          optional: true,
          limit: SMALL_FILE,
          ...age,
        }),
  ]);
  return content === undefined ? undefined : { content, signature };
}

async function judge(
  file: SignedFile,
  { content, signature }: Pair,
  options: SignedTextOptions,
): Promise<{ readonly text: string; readonly proof: Proof }> {
  const text = decodeText(content);
  if (signature === undefined) {
    // guard: signature-required
    if (options.settings.verifySignatures === 'required') throw missingSignature(file);
    const { host } = new URL(file.url);
    options.emit?.({
      type: 'note',
      text: `${host} has no signature for its list of releases: the proof is the list's digests, fetched over TLS`,
    });
    return { text, proof: indexProof(file.url) };
  }
  const { fingerprint } = await verifyByAny(file, { content, signature }, options);
  return { text, proof: { kind: 'signature', by: fingerprint } };
}

function missingSignature({ url, signatureUrl }: SignedFile): PolyenvError {
  return new PolyenvError('signature-missing', `${url} has no signature: ${signatureUrl} does not exist`, {
    hint: 'use a mirror that carries signatures, or: polyenv settings set verify.signatures when-present',
  });
}

/** Keys that the signature names are fetched first; the others only where it was made by a subkey, which names itself. */
export async function verifyByAny(
  file: Pick<SignedFile, 'url' | 'keys'>,
  signed: { readonly content: Uint8Array; readonly signature: Uint8Array },
  options: SignedTextOptions,
): Promise<{ readonly fingerprint: string }> {
  const pinned = [...file.keys.fingerprints, ...options.settings.verifyKeys].map((text) =>
    text.replace(/^0x|\s/gi, '').toUpperCase(),
  );
  const all = [...new Set(pinned)];
  const issuers = await issuersOf(signed.signature);
  const named = all.filter((fingerprint) => issuers.some((issuer) => fingerprint.endsWith(issuer)));
  const others = all.filter((fingerprint) => !named.includes(fingerprint));
  let bad: PolyenvError | undefined;
  for (const fingerprints of [named, others]) {
    // One by one: material that is not what it should be must not stand in the way of the key that signed.
    for (const key of fingerprints.length === 0 ? [] : await readKeys(file, fingerprints, options)) {
      try {
        return await verifySignature({ ...signed, keys: [key] });
      } catch (error) {
        if (!(error instanceof PolyenvError)) throw error;
        if (error.code !== 'key-unknown') bad ??= error;
      }
    }
    if (bad !== undefined)
      throw new PolyenvError(bad.code, `${file.url}: ${bad.message}`, {
        ...present({ hint: bad.hint }),
        cause: bad,
      });
  }
  throw new PolyenvError('key-unknown', `${file.url} is signed by ${describeIssuers(issuers)}, which is not pinned`, {
    hint: 'once you know the key to be right: polyenv settings set verify.keys FINGERPRINT',
  });
}

type Key = Parameters<typeof verifySignature>[0]['keys'][number];

/**
 * A key whose material cannot be had is left out: another one may hold. If none can be had, that failure is the
 * error.
 */
async function readKeys(
  file: Pick<SignedFile, 'keys'>,
  fingerprints: readonly string[],
  options: SignedTextOptions,
): Promise<readonly Key[]> {
  const read = await Promise.allSettled(fingerprints.map((fingerprint) => readKey(file, fingerprint, options)));
  const keys = read.flatMap((result) =>
    result.status === 'fulfilled' && result.value !== undefined ? [result.value] : [],
  );
  const failed = read.find((result) => result.status === 'rejected');
  if (keys.length === 0 && failed !== undefined) throw failed.reason;
  return keys;
}

/** From `state/keys/FINGERPRINT.asc`, where a person or an organisation may put one, else from where the upstream publishes it. */
async function readKey(
  { keys }: Pick<SignedFile, 'keys'>,
  fingerprint: string,
  { home, indexes }: SignedTextOptions,
): Promise<Key | undefined> {
  if (!/^[0-9A-F]{40}$|^[0-9A-F]{64}$/.test(fingerprint)) return undefined;
  const own = await readTextIfAny(join(home.state, 'keys', `${fingerprint}.asc`));
  if (own !== undefined) return { fingerprint, material: own };
  const url = keys.material(fingerprint);
  const material = await indexes.read({ name: url, url, decode: decodeText, age: 'kept', limit: SMALL_FILE });
  return material === undefined ? undefined : { fingerprint, material };
}

/** Ids of the keys that the signature says it is by: the last 16 hex digits of their fingerprints. */
async function issuersOf(signature: Uint8Array): Promise<readonly string[]> {
  const { readSignature } = await import('openpgp');
  const armored = Buffer.from(signature).toString('latin1');
  try {
    const read = armored.includes('-----BEGIN PGP')
      ? await readSignature({ armoredSignature: armored })
      : await readSignature({ binarySignature: signature });
    return read.getSigningKeyIDs().map((id) => id.toHex().toUpperCase());
  } catch {
    return [];
  }
}

function describeIssuers(issuers: readonly string[]): string {
  return issuers.length === 0 ? 'an unknown key' : `key ${issuers.join(', ')}`;
}

function indexProof(url: string): Proof {
  return { kind: 'digest', by: new URL(url).host };
}

function checkText(bytes: Uint8Array): Uint8Array {
  decodeText(bytes);
  return bytes;
}

function keepBytes(bytes: Uint8Array): Uint8Array {
  return bytes;
}
