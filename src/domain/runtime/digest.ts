/**
 * What bytes must hash to. `sha256` and `sha512` are lower-case hex of the archive; `h1` is Go's hash of the unpacked
 * tree (base64, as in go.sum: https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash).
 */
export interface Digest {
  readonly kind: 'sha256' | 'sha512' | 'h1';
  readonly value: string;
}

const HEX_LENGTH = { sha256: 64, sha512: 128 } as const;

/** A digest from hex of either case, or `undefined` if the text is not one. */
export function hexDigest(kind: 'sha256' | 'sha512', text: string): Digest | undefined {
  const value = text.trim().toLowerCase();
  return value.length === HEX_LENGTH[kind] && /^[0-9a-f]+$/.test(value) ? { kind, value } : undefined;
}

/** The strongest digest of an `integrity` field (https://www.w3.org/TR/SRI/), or `undefined` if it holds none that we know. */
export function integrityDigest(text: string): Digest | undefined {
  for (const kind of ['sha512', 'sha256'] as const) {
    for (const item of text.trim().split(/\s+/)) {
      if (!item.startsWith(`${kind}-`)) continue;
      const body = item.slice(kind.length + 1).split('?')[0] ?? '';
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) continue;
      const digest = hexDigest(kind, Buffer.from(body, 'base64').toString('hex'));
      if (digest !== undefined) return digest;
    }
  }
  return undefined;
}

/** `sha256:ab12...`, `h1:oPC9...=`: the form of the lock and of receipts. */
export function formatDigest(digest: Digest): string {
  return `${digest.kind}:${digest.value}`;
}

/** The inverse of `formatDigest`; `undefined` for anything else. */
export function parseDigest(text: string): Digest | undefined {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const value = text.slice(colon + 1);
  if (kind === 'sha256' || kind === 'sha512') return hexDigest(kind, value);
  if (kind === 'h1' && /^[A-Za-z0-9+/]{43}=$/.test(value)) return { kind, value };
  return undefined;
}
