import { malformed } from '../formats/decoders';
import { quoted } from '../words/printable';
import { type Digest, hexDigest } from './digest';

/** File name to digest, from a list of checksums. */
export type ChecksumList = ReadonlyMap<string, Digest>;

/**
 * A list as `sha256sum` and its kin write it (`SHASUMS256.txt`, `SHA256SUMS`): a digest in hex of either case, blanks, an
 * optional `*`, a name. `./` before a name does not count; a name may hold a folder, and is never shortened to its
 * last part. Blank lines and `#` lines are passed over. Throws `upstream-malformed` for any other line, and where one name
 * has two digests.
 */
export function parseChecksumList(text: string, kind: 'sha256' | 'sha512' = 'sha256'): ChecksumList {
  const list = new Map<string, Digest>();
  for (const [index, line] of linesOf(text).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, hex = '', name = ''] = /^([0-9A-Fa-f]{64,128})[ \t]+\*?(?:\.\/)*([^ \t].*)$/.exec(line.trimEnd()) ?? [];
    const digest = hexDigest(kind, hex);
    if (digest === undefined || name === '') throw malformed(`line ${index + 1} of it is no checksum: ${quoted(line)}`);
    const known = list.get(name);
    // guard: two-checksums
    if (known !== undefined && known.value !== digest.value) {
      throw malformed(`it has two checksums of ${quoted(name)}`);
    }
    list.set(name, digest);
  }
  return list;
}

/**
 * The digest in a file that is about one file only (`go1.24.0.linux-amd64.tar.gz.sha256`): the digest alone, or one line
 * of a list, which must then be of `name`. Throws `upstream-malformed`.
 */
export function parseChecksum(text: string, name: string, kind: 'sha256' | 'sha512' = 'sha256'): Digest {
  const lines = linesOf(text).filter((line) => line.trim() !== '');
  const only = lines.length === 1 ? hexDigest(kind, lines[0] ?? '') : undefined;
  if (only !== undefined) return only;
  const digest = parseChecksumList(text, kind).get(name);
  if (digest === undefined) throw malformed(`it has no checksum of ${quoted(name)}`);
  return digest;
}

function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
}
