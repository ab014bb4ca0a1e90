import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as openpgp from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type PinnedKey, verifySignature } from '../../src/adapters/upstream/signature';
import { PolyenvError } from '../../src/domain/words/errors';

const CONTENT = Buffer.from('digest  name\r\nand so on \n');

type Signed = openpgp.PrivateKey;

async function makeKey(options: object = {}): Promise<Signed> {
  const made = await openpgp.generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Releaser' }],
    format: 'object',
    ...options,
  });
  return made.privateKey;
}

const pinned = (key: openpgp.Key): PinnedKey => ({
  fingerprint: key.getFingerprint().toUpperCase(),
  material: (key.isPrivate() ? key.toPublic() : key).armor(),
});

interface How {
  readonly date?: Date;
  readonly config?: object;
}

async function signDetached(signingKeys: Signed, { date, config }: How = {}): Promise<Buffer> {
  const message = await openpgp.createMessage({ binary: CONTENT });
  const signature = await openpgp.sign({
    message,
    signingKeys,
    detached: true,
    format: 'binary',
    ...(date !== undefined && { date }),
    ...(config !== undefined && { config }),
  });
  return Buffer.from(signature);
}

type Secret = openpgp.SecretKeyPacket | openpgp.SecretSubkeyPacket;

interface ByHand {
  readonly by: Secret;
  readonly type?: openpgp.enums.signature;
  readonly data?: object;
  readonly date?: Date;
  readonly change?: (signature: openpgp.SignaturePacket) => void;
}

/** A signature made by hand, for what the library would not do. */
async function makePacket({ by, type, data, date, change }: ByHand): Promise<openpgp.SignaturePacket> {
  const signature = new openpgp.SignaturePacket();
  signature.signatureType = type ?? openpgp.enums.signature.binary;
  signature.publicKeyAlgorithm = by.algorithm;
  signature.hashAlgorithm = openpgp.enums.hash.sha512;
  change?.(signature);
  const message = await openpgp.createMessage({ binary: CONTENT });
  // The library's types leave the last parameter out.
  const sign = signature.sign.bind(signature) as (...all: readonly unknown[]) => Promise<void>;
  await sign(by, data ?? message.packets[0], date ?? new Date(), true, {
    ...openpgp.config,
    nonDeterministicSignaturesViaNotation: false,
  });
  return signature;
}

async function signByHand(how: ByHand): Promise<Buffer> {
  const list = new openpgp.PacketList<openpgp.SignaturePacket>();
  list.push(await makePacket(how));
  return Buffer.from(list.write() as Uint8Array);
}

const secretOf = (key: Signed): Secret => key.keyPacket as openpgp.SecretKeyPacket;

async function outcome(
  signature: Uint8Array,
  keys: readonly PinnedKey[],
  content: Uint8Array = CONTENT,
): Promise<string> {
  try {
    return (await verifySignature({ content, signature, keys })).fingerprint;
  } catch (error) {
    if (error instanceof PolyenvError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

let releaser: Signed;
let stranger: Signed;
let good: Buffer;

beforeAll(async () => {
  releaser = await makeKey();
  stranger = await makeKey();
  good = await signDetached(releaser);
});

describe('a detached signature', () => {
  test('by a pinned key is told by its primary fingerprint', async () => {
    const keys = [pinned(stranger), pinned(releaser)];
    expect(await outcome(good, keys)).toBe(releaser.getFingerprint().toUpperCase());
  });

  test('may be armored, and the pin in any spelling', async () => {
    const armored = openpgp.armor(openpgp.enums.armor.signature, good);
    const { fingerprint, material } = pinned(releaser);
    const spelt = `0x${fingerprint.toLowerCase().replace(/(.{4})/g, '$1 ')}`;
    expect(await outcome(Buffer.from(armored), [{ fingerprint: spelt, material }])).toBe(fingerprint);
  });

  test('by a subkey that is bound for signing is told by the primary fingerprint', async () => {
    const key = await makeKey({ subkeys: [{ sign: true }] });
    const signature = await signDetached(key);
    const { packets } = await openpgp.readSignature({ binarySignature: signature });
    expect((packets[0] as openpgp.SignaturePacket).issuerKeyID.equals(key.getKeyID())).toBe(false);
    expect(await outcome(signature, [pinned(key)])).toBe(key.getFingerprint().toUpperCase());
  });

  test('holds though its key has expired since', async () => {
    const date = new Date('2020-01-01');
    const key = await makeKey({
      date,
      keyExpirationTime: 3600,
      subkeys: [{ sign: true, date, keyExpirationTime: 3600 } as object],
    });
    const signature = await signDetached(key, { date: new Date('2020-01-01T00:30:00Z') });
    expect(await outcome(signature, [pinned(key)])).toBe(key.getFingerprint().toUpperCase());
  });

  test('holds beside one that nobody knows', async () => {
    const both = Buffer.concat([await signDetached(stranger), good]);
    expect(await outcome(both, [pinned(releaser)])).toBe(releaser.getFingerprint().toUpperCase());
  });
});

describe('a signature is refused', () => {
  test('over content with one byte flipped, more, or less', async () => {
    const flipped = Buffer.from(CONTENT);
    flipped[3] = (flipped[3] ?? 0) ^ 1;
    for (const content of [
      flipped,
      Buffer.concat([CONTENT, Buffer.from('\n')]),
      CONTENT.subarray(1),
      Buffer.alloc(0),
    ]) {
      expect(await outcome(good, [pinned(releaser)], content)).toMatch(/^signature-invalid/);
    }
  });

  test('with any byte of its own flipped', async () => {
    for (let place = 0; place < good.length; place += 3) {
      const flipped = Buffer.from(good);
      flipped[place] = (flipped[place] ?? 0) ^ 0x10;
      // What names the signer is not signed, so that it may only make the key unknown or keep the signature good.
      const result = await outcome(flipped, [pinned(releaser)]);
      if (result.startsWith('signature-invalid') || result.startsWith('key-unknown')) continue;
      const { packets } = await openpgp.readSignature({ binarySignature: flipped });
      expect((packets[0] as openpgp.SignaturePacket).signatureData).not.toBeNull();
      expect(result).toBe(releaser.getFingerprint().toUpperCase());
      expect(isUnhashed(place)).toBe(true);
    }
    function isUnhashed(place: number): boolean {
      const hashed = good.readUInt16BE(6);
      const unhashed = good.readUInt16BE(8 + hashed);
      return place >= 8 + hashed && place < 10 + hashed + unhashed;
    }
  });

  test('that is another file than a signature, or empty', async () => {
    for (const text of ['', '<html>', '-----BEGIN PGP SIGNATURE-----\n\nrubbish\n', pinned(releaser).material]) {
      expect(await outcome(Buffer.from(text), [pinned(releaser)])).toMatch(/^signature-invalid/);
    }
  });

  test('by a key that is not pinned', async () => {
    expect(await outcome(good, [pinned(stranger)])).toMatch(/^key-unknown/);
    expect(await outcome(good, [])).toMatch(/^key-unknown/);
  });

  test('whose material is of another key than the pin', async () => {
    const keys = [{ fingerprint: pinned(stranger).fingerprint, material: pinned(releaser).material }];
    expect(await outcome(good, keys)).toMatch(/^key-unknown: what is offered as key/);
    expect(await outcome(good, [{ ...pinned(releaser), material: 'rubbish' }])).toMatch(/^key-unknown.*cannot be read/);
    expect(await outcome(good, [{ ...pinned(releaser), material: 'rubbish' }, pinned(releaser)])).toBe(
      releaser.getFingerprint().toUpperCase(),
    );
  });

  test('with a weak hash', async () => {
    // Of an RSA key: the library itself makes none with another.
    const key = await makeKey({ type: 'rsa', rsaBits: 2048 });
    const signWith = (hash: openpgp.enums.hash) =>
      signByHand({
        by: secretOf(key),
        change: (signature) => {
          signature.hashAlgorithm = hash;
        },
      });
    const { sha1, sha256 } = openpgp.enums.hash;
    expect(await outcome(await signWith(sha256), [pinned(key)])).toBe(key.getFingerprint().toUpperCase());
    expect(await outcome(await signWith(sha1), [pinned(key)])).toMatch(/^signature-invalid.*sha1/i);
  });

  test('by a weak key', async () => {
    const key = await makeKey({ type: 'rsa', rsaBits: 1024, config: { minRSABits: 1024 } } as object);
    const signature = await signDetached(key, { config: { minRSABits: 1024 } });
    expect(await outcome(signature, [pinned(key)])).toMatch(/^signature-invalid.*too weak/);
  });

  test('that says itself that it has expired', async () => {
    const lasting = (seconds: number) =>
      signByHand({
        by: secretOf(releaser),
        change: (signature) => {
          signature.signatureExpirationTime = seconds;
          signature.signatureNeverExpires = false;
        },
      });
    const [short, long] = [await lasting(60), await lasting(86_400)];
    const now = new Date(Date.now() + 3_600_000);
    const verify = (signature: Uint8Array) =>
      verifySignature({ content: CONTENT, signature, keys: [pinned(releaser)], now });
    await expect(verify(short)).rejects.toThrow('expired');
    await expect(verify(long)).resolves.toBeDefined();
  });

  test('of a kind that is not over files', async () => {
    const certifying = await signByHand({ by: secretOf(releaser), type: openpgp.enums.signature.standalone });
    expect(await outcome(certifying, [pinned(releaser)])).toMatch(/^signature-invalid.*over a file/);
  });

  test('that is older than its key', async () => {
    const early = await signByHand({ by: secretOf(releaser), date: new Date('2001-01-01') });
    expect(await outcome(early, [pinned(releaser)])).toMatch(/^signature-invalid.*older than the key/);
  });
});

describe('a subkey', () => {
  interface Hung {
    /** Who says that the subkey is the releaser's. */
    readonly boundBy: Signed;
    /** To which primary key the subkey says that it belongs. */
    readonly consentsTo: Signed;
    readonly flags?: number;
  }

  /** A signature by a subkey of somebody else that was hung below the releaser's key, judged with that key pinned. */
  async function judgeHung({ boundBy, consentsTo, flags }: Hung): Promise<string> {
    const other = await makeKey({ subkeys: [{ sign: true }] });
    const secret = other.subkeys[0]?.keyPacket as openpgp.SecretSubkeyPacket;
    const { subkeyBinding, keyBinding } = openpgp.enums.signature;
    const consent = await makePacket({
      by: secret,
      type: keyBinding,
      data: { key: consentsTo.keyPacket, bind: secret },
    });
    const binding = await makePacket({
      by: secretOf(boundBy),
      type: subkeyBinding,
      data: { key: releaser.keyPacket, bind: secret },
      change: (made) => {
        made.keyFlags = new Uint8Array([flags ?? openpgp.enums.keyFlags.signData]);
        made.embeddedSignature = consent;
      },
    });
    const mixed = new openpgp.PacketList<openpgp.AnyPacket>();
    for (const packet of releaser.toPublic().toPacketList()) mixed.push(packet as openpgp.AnyPacket);
    mixed.push(other.toPublic().subkeys[0]?.keyPacket as openpgp.AnyPacket, binding);
    return outcome(await signDetached(other), [pinned(new openpgp.PublicKey(mixed))]);
  }

  const refused = /^signature-invalid.*does not let sign/;

  test('that both keys have signed for is accepted', async () => {
    const fingerprint = releaser.getFingerprint().toUpperCase();
    expect(await judgeHung({ boundBy: releaser, consentsTo: releaser })).toBe(fingerprint);
  });

  test('that only calls itself a subkey of the pinned key is refused', async () => {
    expect(await judgeHung({ boundBy: stranger, consentsTo: releaser })).toMatch(refused);
  });

  test('that a pinned key has taken up without its consent is refused', async () => {
    expect(await judgeHung({ boundBy: releaser, consentsTo: stranger })).toMatch(refused);
  });

  test('that may encrypt but not sign is refused', async () => {
    const flags = openpgp.enums.keyFlags.encryptStorage;
    expect(await judgeHung({ boundBy: releaser, consentsTo: releaser, flags })).toMatch(refused);
  });

  test('that is only for encryption is refused', async () => {
    const key = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [{}] });
    const signature = await signByHand({ by: key.subkeys[0]?.keyPacket as openpgp.SecretSubkeyPacket });
    expect(await outcome(signature, [pinned(key)])).toMatch(/^signature-invalid.*does not let sign/);
  });
});

describe('a revoked key', () => {
  const { keyRetired, keySuperseded, keyCompromised, noReason } = openpgp.enums.reasonForRevocation;
  const made = new Date('2021-01-01');

  async function revoke(flag: openpgp.enums.reasonForRevocation, date: Date): Promise<[string, string]> {
    const key = await makeKey({ date: new Date('2020-01-01') });
    const signature = await signDetached(key, { date: made });
    const { publicKey } = await openpgp.revokeKey({
      key,
      reasonForRevocation: { flag, string: 'why' },
      date,
      format: 'object',
    });
    return [await outcome(signature, [pinned(publicKey)]), key.getFingerprint().toUpperCase()];
  }

  test.each([keyRetired, keySuperseded])('keeps what it signed before, for reason %i', async (reason) => {
    const [result, fingerprint] = await revoke(reason, new Date('2022-01-01'));
    expect(result).toBe(fingerprint);
  });

  test('signs nothing from then on', async () => {
    const [result] = await revoke(keyRetired, new Date('2020-06-01'));
    expect(result).toMatch(/^signature-invalid.*revoked/);
  });

  test.each([keyCompromised, noReason])('proves nothing at all, for reason %i', async (reason) => {
    const [result] = await revoke(reason, new Date('2022-01-01'));
    expect(result).toMatch(/^signature-invalid.*revoked/);
  });

  test('is not revoked by what somebody else says', async () => {
    const { publicKey } = await openpgp.revokeKey({ key: stranger, format: 'object' });
    const key = releaser.toPublic();
    key.revocationSignatures = [...publicKey.revocationSignatures];
    expect(await outcome(good, [pinned(key)])).toBe(releaser.getFingerprint().toUpperCase());
  });

  test('as a subkey proves nothing once it was compromised', async () => {
    const key = await makeKey({ subkeys: [{ sign: true }] });
    const signature = await signDetached(key);
    const [subkey] = key.subkeys;
    const revoked = await subkey?.revoke(key.keyPacket as openpgp.SecretKeyPacket, {
      flag: keyCompromised,
      string: 'lost',
    });
    const shown = key.toPublic();
    const [below] = shown.subkeys;
    if (below !== undefined) below.revocationSignatures = revoked?.revocationSignatures ?? [];
    expect(await outcome(signature, [pinned(shown)])).toMatch(/^signature-invalid.*revoked \(lost\)/);
  });
});

const samples = fileURLToPath(new URL('../../../shared/upstream-data/node/', import.meta.url));

describe.skipIf(!existsSync(samples))('real signatures of Node.js (skipped where ../shared is absent)', () => {
  const load = (version: string, by: string) => ({
    content: readFileSync(`${samples}SHASUMS256-v${version}.txt`),
    signature: readFileSync(`${samples}SHASUMS256-v${version}.txt.sig`),
    keys: [{ fingerprint: by, material: readFileSync(`${samples}release-keys/${by}.asc`, 'utf8') }],
  });

  test.each([
    ['20.11.0', 'a subkey', 'A363A499291CBBC940DD62E41F10027AF002F8B0'],
    ['14.20.1', 'a retired key', '141F07595B7B3FFE74309A937405533BE57C7D57'],
  ])('%s is by %s', async (version, _, by) => {
    const sample = load(version, by);
    expect(await verifySignature(sample)).toEqual({ fingerprint: by });
    expect(await outcome(sample.signature, sample.keys, sample.content.subarray(1))).toMatch(/^signature-invalid/);
  });

  test('the signature of one release is none of another', async () => {
    const [one, other] = [
      load('20.11.0', 'A363A499291CBBC940DD62E41F10027AF002F8B0'),
      load('14.20.1', '141F07595B7B3FFE74309A937405533BE57C7D57'),
    ];
    expect(await outcome(one.signature, [...one.keys, ...other.keys], other.content)).toMatch(/^signature-invalid/);
    expect(await outcome(one.signature, other.keys, one.content)).toMatch(/^key-unknown/);
  });
});
