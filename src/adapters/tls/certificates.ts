import { createPrivateKey, createPublicKey, KeyObject, webcrypto } from 'node:crypto';
import type { Extension } from '@peculiar/x509';

/** Key and certificates as PEM. */
export interface Signer {
  readonly key: string;
  /** Its own certificate first, then those above it but for the root. */
  readonly chain: string;
}

export interface NewAuthority {
  /** What a person trusts. Its key is gone. */
  readonly root: string;
  readonly issuer: Signer;
}

export interface Leaf extends Signer {
  readonly from: Date;
  readonly until: Date;
}

const DAY = 86_400_000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 30;
/** A machine's clock may be wrong, and be set back after a certificate was made. */
const EARLIER_DAYS = 2;

/**
 * An authority that can sign for this machine's own names and nothing else: root and issuer both carry that limit, for some
 * programs read only one of them. The root's key exists for one signature and is never written.
 */
export async function makeAuthority(of: { readonly now: Date; readonly owner: string }): Promise<NewAuthority> {
  const { X509CertificateGenerator } = await loadX509();
  const [rootKeys, issuerKeys] = [await newKeys(), await newKeys()];
  const validity = {
    notBefore: new Date(of.now.getTime() - EARLIER_DAYS * DAY),
    notAfter: new Date(of.now.getTime() + AUTHORITY_DAYS * DAY),
  };
  const owner = of.owner.replace(/[^\w.@-]/g, '').slice(0, 40);
  const rootName = [{ O: ['polyenv'] }, { CN: [`polyenv of ${owner}, this machine only`] }];
  const root = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: newSerial(),
    name: rootName,
    keys: rootKeys,
    signingAlgorithm: SIGNING,
    extensions: await authorityExtensions(rootKeys.publicKey, 1),
  });
  const issuer = await X509CertificateGenerator.create({
    ...validity,
    serialNumber: newSerial(),
    subject: [{ O: ['polyenv'] }, { CN: [`polyenv issuer of ${owner}`] }],
    issuer: root.subject,
    publicKey: issuerKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [...(await authorityExtensions(issuerKeys.publicKey, 0)), await keyIdentifier(rootKeys.publicKey)],
  });
  return { root: root.toString('pem'), issuer: { key: pemOf(issuerKeys.privateKey), chain: issuer.toString('pem') } };
}

export interface LeafRequest {
  readonly host: string;
  readonly now: Date;
  /** A key to use again, as PEM; absent: a new one. */
  readonly key?: string;
}

/** One certificate for one host: never one for all, which OpenSSL and browsers refuse below a name without dots. */
export async function makeLeaf(issuer: Signer, { host, now, key }: LeafRequest): Promise<Leaf> {
  const x509 = await loadX509();
  const above = new x509.X509Certificate(issuer.chain);
  const signing = await importPair(issuer.key);
  const own = key === undefined ? await newKeys() : await importPair(key);
  const [from, until] = [new Date(now.getTime() - EARLIER_DAYS * DAY), new Date(now.getTime() + LEAF_DAYS * DAY)];
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    notBefore: from,
    notAfter: until < above.notAfter ? until : above.notAfter,
    subject: '',
    issuer: above.subject,
    publicKey: own.publicKey,
    signingKey: signing.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTHENTICATION]),
      // Without a subject this is the name, so nobody may skip it.
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }], true),
      await keyIdentifier(signing.publicKey),
    ],
  });
  return { key: pemOf(own.privateKey), chain: `${leaf.toString('pem')}\n${issuer.chain}`, from, until };
}

/** The library asks for this polyfill before it is loaded. */
async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const NAME_CONSTRAINTS = '2.5.29.30';

async function authorityExtensions(key: webcrypto.CryptoKey, below: number): Promise<Extension[]> {
  const x509 = await loadX509();
  return [
    new x509.BasicConstraintsExtension(true, below, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    new x509.ExtendedKeyUsageExtension([SERVER_AUTHENTICATION]),
    new x509.Extension(NAME_CONSTRAINTS, true, LOCAL_ONLY),
    await x509.SubjectKeyIdentifierExtension.create(key),
  ];
}

async function keyIdentifier(key: webcrypto.CryptoKey): Promise<Extension> {
  const { AuthorityKeyIdentifierExtension } = await loadX509();
  return AuthorityKeyIdentifierExtension.create(key);
}

/** By https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10: permitted are `localhost` with all below it, 127.0.0.0/8 and ::1. */
const LOCAL_ONLY = der(
  0x30,
  der(
    0xa0,
    der(0x30, der(0x82, Buffer.from('localhost', 'ascii'))),
    der(0x30, der(0x87, Buffer.from([127, 0, 0, 0, 255, 0, 0, 0]))),
    der(0x30, der(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1]), Buffer.alloc(16, 255)]))),
  ),
);

/** A tag, the length in one byte, the content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer<ArrayBuffer> {
  const body = Buffer.concat(content);
  if (body.length > 127) throw new RangeError('a length of more than one byte');
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  // Positive, and never shorter.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function importPair(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey: await webcrypto.subtle.importKey(
      'pkcs8',
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      ALGORITHM,
      true,
      ['sign'],
    ),
    publicKey: await webcrypto.subtle.importKey(
      'spki',
      publicKey.export({ type: 'spki', format: 'der' }),
      ALGORITHM,
      true,
      ['verify'],
    ),
  };
}

function pemOf(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
