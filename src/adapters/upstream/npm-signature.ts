import { createPublicKey, verify } from 'node:crypto';
import { PolyenvError } from '../../domain/words/errors';

/** What `dist.signatures` of a version says, as `npm audit signatures` reads it. */
export interface SignedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  /** When the version was published, where the registry says. */
  readonly published?: Date;
}

export interface RegistryKey {
  /** `SHA256:` and the digest of the key, base64. */
  readonly id: string;
  /** P-256, as a SubjectPublicKeyInfo in base64. */
  readonly key: string;
  /** Versions published from then on are not signed by it. */
  readonly expires?: Date;
}

/** The public npm registry's, pinned. */
export const REGISTRY_KEYS: readonly RegistryKey[] = [
  {
    id: 'SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U',
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g==',
  },
  {
    id: 'SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA',
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==',
    expires: new Date('2025-01-29T00:00:00Z'),
  },
];

/**
 * The id of the pinned key that signed the package, or `undefined` if none did: another registry's signature proves nothing
 * here, and neither does that of an expired key unless the version is older. Throws `signature-invalid` where a
 * signature by a pinned key does not hold.
 */
export function judgePackage(signed: SignedPackage, keys: readonly RegistryKey[] = REGISTRY_KEYS): string | undefined {
  const { name, version, integrity, published } = signed;
  let proof: string | undefined;
  for (const { keyid, sig } of signed.signatures) {
    const pinned = keys.find((key) => key.id === keyid);
    if (pinned === undefined) continue;
    const publicKey = createPublicKey({ key: Buffer.from(pinned.key, 'base64'), format: 'der', type: 'spki' });
    // guard: registry-signature
    if (!verify('sha256', Buffer.from(`${name}@${version}:${integrity}`), publicKey, Buffer.from(sig, 'base64'))) {
      throw new PolyenvError('signature-invalid', `the registry's signature of npm:${name}@${version} does not hold`, {
        hint: 'ask who runs the registry that npm is configured for: npm config get registry',
      });
    }
    const valid = pinned.expires === undefined || (published !== undefined && published < pinned.expires);
    if (valid) proof ??= keyid;
  }
  return proof;
}
