import type { AnyKeyPacket, Config, Key, SignaturePacket } from 'openpgp';
import { PolyenvError } from '../../domain/words/errors';

/** A key that may sign: pinned by its primary fingerprint, 40 or 64 hex digits. */
export interface PinnedKey {
  readonly fingerprint: string;
  /** Armored public keys, of which only the one with that fingerprint is used. */
  readonly material: string;
}

/**
 * Which pinned key signed the content: its primary fingerprint, upper case. The signature is detached, binary or
 * armored, by the key itself or by a subkey bound to it. The bits are judged, and whether the key was compromised;
 * that a key has expired or retired since says nothing about what it signed before.
 * Throws `signature-invalid` and `key-unknown`.
 */
export async function verifySignature(options: {
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  readonly keys: readonly PinnedKey[];
  readonly now?: Date;
}): Promise<{ readonly fingerprint: string }> {
  const { createMessage, readSignature } = await import('openpgp');
  const signature = await parse('a signature', () => {
    const text = Buffer.from(options.signature).toString('latin1');
    return text.trimStart().startsWith('-----BEGIN PGP')
      ? readSignature({ armoredSignature: text })
      : readSignature({ binarySignature: options.signature });
  });
  const message = await createMessage({ binary: options.content });
  return judge(signature.packets, { ...options, literal: message.packets[0] as object });
}

interface Case {
  readonly literal: object;
  readonly keys: readonly PinnedKey[];
  readonly now?: Date;
}

/** One good signature by a pinned key is enough. If there is none, the error is that of the first bad one. */
async function judge(packets: readonly unknown[], options: Case): Promise<{ readonly fingerprint: string }> {
  const { SignaturePacket: Signature } = await import('openpgp');
  const signatures = packets.filter((packet) => packet instanceof Signature).slice(0, MOST_SIGNATURES);
  if (signatures.length === 0) throw invalid('there is no signature in it');
  const read = await Promise.allSettled(options.keys.map(readPinned));
  const keys = read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const unreadable = read.find((result) => result.status === 'rejected');
  let failure: unknown;
  for (const signature of signatures) {
    for (const key of keys) {
      const signer = findSigner(key, signature);
      if (signer === undefined) continue;
      try {
        await checkSignature(signature, { key, signer, ...options });
        return { fingerprint: key.getFingerprint().toUpperCase() };
      } catch (error) {
        failure ??= error;
      }
    }
  }
  if (failure instanceof PolyenvError) throw failure;
  if (failure !== undefined) throw invalid(failure instanceof Error ? failure.message : 'it does not hold', failure);
  if (unreadable !== undefined) throw unreadable.reason;
  const ids = signatures.map((signature) => signature.issuerKeyID.toHex().toUpperCase()).join(', ');
  throw new PolyenvError('key-unknown', `the signature is by key ${ids}, which is not pinned`);
}

const MOST_SIGNATURES = 20;

async function readPinned({ fingerprint, material }: PinnedKey): Promise<Key> {
  const { readKeys } = await import('openpgp');
  const wanted = fingerprint.replace(/\s|^0x/gi, '').toLowerCase();
  let others: string;
  try {
    const keys = await readKeys({ armoredKeys: material });
    const found = keys.find((key) => key.getFingerprint() === wanted);
    if (found !== undefined) return found;
    others = `is another one: ${keys.map((key) => key.getFingerprint().toUpperCase()).join(', ')}`;
  } catch (error) {
    others = `cannot be read (${error instanceof Error ? error.message : error})`;
  }
  throw new PolyenvError('key-unknown', `what is offered as key ${fingerprint} ${others}`);
}

interface Signer {
  readonly packet: AnyKeyPacket;
  /** For a subkey, what binds it to its primary key. */
  readonly bindings?: readonly SignaturePacket[];
  readonly revocations: readonly SignaturePacket[];
}

function findSigner(key: Key, signature: SignaturePacket): Signer | undefined {
  const named =
    signature.issuerFingerprint === null ? undefined : Buffer.from(signature.issuerFingerprint).toString('hex');
  const isNamed = (one: { getFingerprint(): string; getKeyID(): { toHex(): string } }) =>
    named === undefined ? one.getKeyID().toHex() === signature.issuerKeyID.toHex() : one.getFingerprint() === named;
  if (isNamed(key)) return { packet: key.keyPacket as AnyKeyPacket, revocations: key.revocationSignatures };
  const subkey = key.subkeys.find(isNamed);
  return (
    subkey && {
      packet: subkey.keyPacket as AnyKeyPacket,
      bindings: subkey.bindingSignatures,
      revocations: subkey.revocationSignatures,
    }
  );
}

interface Checked extends Case {
  readonly key: Key;
  readonly signer: Signer;
}

async function checkSignature(signature: SignaturePacket, checked: Checked): Promise<void> {
  const { config, enums } = await import('openpgp');
  const { key, signer, literal, now } = checked;
  const { created, signatureType } = signature;
  if (created === null) throw invalid('it does not say when it was made');
  if (signatureType !== enums.signature.binary && signatureType !== enums.signature.text) {
    throw invalid('it is not a signature over a file');
  }
  // guard: weak-key
  checkStrength(signer.packet);
  if (created < signer.packet.created) throw invalid('it is older than the key that made it');
  const strict: Config = {
    ...config,
    rejectHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd]),
    rejectMessageHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd, enums.hash.sha1]),
  };
  // guard: signature-bits
  await holds(signature, { by: signer.packet, type: signatureType, data: literal, strict });
  const expires = signature.getExpirationTime();
  // guard: signature-expired
  if (expires instanceof Date && (now ?? new Date()) >= expires) {
    throw invalid(`it expired on ${expires.toISOString().slice(0, 10)}`);
  }
  // guard: key-revoked
  await checkRevocations(created, { ...checked, strict });
  // guard: subkey-bound
  if (signer.bindings !== undefined) await checkBinding(signer.bindings, { key, subkey: signer.packet, strict });
}

/** Each signature is held against the moment at which it says that it was made: only its bits and its hash are judged. */
async function holds(
  signature: SignaturePacket,
  claim: { readonly by: AnyKeyPacket; readonly type: number; readonly data: object; readonly strict: Config },
): Promise<void> {
  const { by, type, data, strict } = claim;
  await signature.verify(by, type, data, signature.created ?? undefined, true, strict);
}

/** A binding for signing, in which the subkey signs back: else anybody's key could be hung below a pinned one. */
async function checkBinding(
  bindings: readonly SignaturePacket[],
  { key, subkey, strict }: { readonly key: Key; readonly subkey: AnyKeyPacket; readonly strict: Config },
): Promise<void> {
  const { enums } = await import('openpgp');
  const primary = key.keyPacket as AnyKeyPacket;
  const data = { key: primary, bind: subkey };
  for (const binding of bindings) {
    const { embeddedSignature, keyFlags } = binding;
    if (((keyFlags?.[0] ?? 0) & enums.keyFlags.signData) === 0 || embeddedSignature === null) continue;
    try {
      await holds(binding, { by: primary, type: enums.signature.subkeyBinding, data, strict });
      await holds(embeddedSignature, { by: subkey, type: enums.signature.keyBinding, data, strict });
      return;
    } catch {
      // Another binding may hold: each renewal leaves the one before in the key.
    }
  }
  throw invalid('it is by a subkey that its primary key does not let sign');
}

/** Superseded and retired keys signed well before they were; every other reason for a revocation counts for all time. */
async function checkRevocations(
  made: Date,
  { key, signer, strict }: Checked & { readonly strict: Config },
): Promise<void> {
  const { enums } = await import('openpgp');
  const primary = key.keyPacket as AnyKeyPacket;
  const { keySuperseded, keyRetired } = enums.reasonForRevocation;
  const all = [
    ...key.revocationSignatures.map((revocation) => ({
      revocation,
      type: enums.signature.keyRevocation,
      data: { key: primary },
    })),
    ...(signer.bindings === undefined ? [] : signer.revocations).map((revocation) => ({
      revocation,
      type: enums.signature.subkeyRevocation,
      data: { key: primary, bind: signer.packet },
    })),
  ];
  for (const { revocation, type, data } of all) {
    const valid = await holds(revocation, { by: primary, type, data, strict }).then(
      () => true,
      () => false,
    );
    const reason = revocation.reasonForRevocationFlag;
    const soft = reason === keySuperseded || reason === keyRetired;
    if (valid && !(soft && revocation.created !== null && made < revocation.created)) {
      throw invalid(`its key was revoked (${revocation.reasonForRevocationString || 'no reason is given'})`);
    }
  }
}

function checkStrength(packet: AnyKeyPacket): void {
  const { algorithm, bits } = packet.getAlgorithmInfo();
  if (algorithm === 'dsa' || (bits !== undefined && bits < 2048)) {
    throw invalid(`its key is too weak: ${algorithm}${bits === undefined ? '' : ` of ${bits} bits`}`);
  }
}

async function parse<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw invalid(`${what} cannot be read (${error instanceof Error ? error.message : error})`, error);
  }
}

function invalid(reason: string, cause?: unknown): PolyenvError {
  return new PolyenvError('signature-invalid', `the signature is not accepted: ${reason}`, {
    hint: 'what was downloaded, or its signature, was changed on the way: try without a mirror',
    cause,
  });
}
