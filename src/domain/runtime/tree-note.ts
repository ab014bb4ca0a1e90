import { createHash, createPublicKey, verify } from 'node:crypto';
import { PolyenvError } from '../words/errors';
import { quoted } from '../words/printable';

/**
 * The text of a signed note (https://pkg.go.dev/golang.org/x/mod/sumdb/note), once a signature by `verifier`
 * (`NAME+KEYHASH+BASE64`) holds. Lines of other signers are passed over. Throws `signature-invalid`,
 * `signature-missing` and `key-unknown`.
 */
export function openNote(note: string, verifier: string): string {
  const key = readVerifier(verifier);
  const end = note.lastIndexOf('\n\n');
  if (end === -1 || !note.endsWith('\n') || /[^\P{Cc}\n]/u.test(note)) throw invalid('it is not of the form of one');
  const text = note.slice(0, end + 1);
  const lines = note
    .slice(end + 2, -1)
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length === 0) throw new PolyenvError('signature-missing', 'a signed note has no signature', { hint: HINT });
  if (lines.length > MOST_SIGNATURES) throw invalid(`it has ${lines.length} signatures`);
  const own = lines.map(readSignature).filter(({ name, hash }) => name === key.name && hash === key.hash);
  if (own.length === 0) {
    throw new PolyenvError('key-unknown', `a signed note is not signed by ${key.name}+${key.hash}`, { hint: HINT });
  }
  for (const { signature } of own) {
    // guard: note-signature
    if (!verify(null, Buffer.from(text), key.publicKey, signature)) {
      throw invalid(`the signature of ${key.name} does not hold`);
    }
  }
  return text;
}

const HINT = 'something between here and the checksum database changes its answers';
const MOST_SIGNATURES = 100;

function invalid(reason: string): PolyenvError {
  return new PolyenvError('signature-invalid', `a signed note cannot be believed: ${reason}`, { hint: HINT });
}

interface NoteSignature {
  readonly name: string;
  /** Of the key, 8 lower-case hex digits. */
  readonly hash: string;
  readonly signature: Uint8Array;
}

function readSignature(line: string): NoteSignature {
  const [, name, body] = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  const bytes = Buffer.from(body ?? '', 'base64');
  if (name === undefined || bytes.length < 5) throw invalid(`${quoted(line)} is no line of a signature`);
  return { name, hash: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
}

const ED25519 = 1;
/** DER of a SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key: https://www.rfc-editor.org/rfc/rfc8410#section-4 */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

function readVerifier(verifier: string) {
  const [, name, hash, body] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(verifier) ?? [];
  const bytes = Buffer.from(body ?? '', 'base64');
  if (name === undefined || bytes[0] !== ED25519 || bytes.length !== 33) {
    throw new PolyenvError('key-unknown', `${quoted(verifier)} is no Ed25519 verifier key`, { hint: HINT });
  }
  const actual = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8);
  // guard: note-key
  if (actual !== hash) {
    throw new PolyenvError('key-unknown', `the verifier key of ${name} is ${actual}, not ${hash}`, { hint: HINT });
  }
  const spki = Buffer.concat([SPKI, bytes.subarray(1)]);
  return { name, hash, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}
