import { dirname, join } from 'node:path';
import { asCount, asMatching, asObject, malformed } from '../../domain/formats/decoders';
import {
  openTreeNote,
  parseLookup,
  proveGrowth,
  proveRecord,
  recordedHash,
  type SignedTree,
  type TileReader,
} from '../../domain/runtime/sumdb';
import { PolyenvError } from '../../domain/words/errors';
import { ensureFolder, readTextIfAny } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';
import { DATABASE } from './go-config';
import { decodeText } from './indexes';

/** Go's checksum database, each answer proved by its signed tree: https://go.dev/ref/mod#checksum-database */
export interface ChecksumDatabase {
  /**
   * The `h1:` hash of the module's zip, or `undefined` if there is no such record. Throws `signature-invalid` if the record is
   * not in the signed tree, or that tree is not a continuation of the one that was seen before.
   */
  lookup(record: {
    readonly module: string;
    readonly version: string;
    /** `/lookup/MODULE@VERSION`, escaped. */
    readonly path: string;
  }): Promise<string | undefined>;
}

/** One file of the database by its path (`/lookup/...`, `/tile/...`); `undefined` on 404 and 410. */
export type DatabaseReader = (path: string, age?: 'kept') => Promise<Uint8Array | undefined>;

/** Pinned. https://go.dev/src/cmd/go/internal/modfetch/key.go */
const VERIFIER = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';

export interface DatabaseOptions {
  readonly home: Home;
  readonly read: DatabaseReader;
  /** The key that signs the tree, as Go writes it; default the public database's. */
  readonly verifier?: string;
}

export function openChecksumDatabase({ home, read, verifier = VERIFIER }: DatabaseOptions): ChecksumDatabase {
  const file = join(home.cache, `${DATABASE}.tree`);
  const readTile = openTiles(read);
  /** One after the other, so that each answer is held against the newest tree that was seen. */
  let heads: Promise<SignedTree | undefined> = readHead(file);

  return {
    lookup: async ({ module, version, path }) => {
      // A record never changes, and a kept answer is proved again each time.
      const answer = await read(path, 'kept');
      if (answer === undefined) return undefined;
      const { id, record, note } = parseLookup(decodeText(answer));
      const tree = openTreeNote(note, verifier);
      // guard: record-proved
      await proveRecord({ id, record, tree, readTile });
      const before = heads;
      const attempt = before.then((head) => follow({ head, tree, readTile, file }));
      heads = attempt.catch(() => before);
      await attempt;
      const hash = recordedHash(record, { module, version });
      if (hash === undefined) throw malformed(`record ${id} of ${DATABASE} is not of ${module}@${version}`);
      return hash;
    },
  };
}

function openTiles(read: DatabaseReader): TileReader {
  return async ({ level, index, width }) => {
    const path = `/tile/8/${level}/${tileNumber(index)}`;
    // A partial tile may be gone once the whole one exists, which begins with the same hashes.
    const partial = width < 256 ? await read(`${path}.p/${width}`, 'kept') : undefined;
    const bytes = partial ?? (await read(path, 'kept'));
    if (bytes === undefined || bytes.byteLength < width * 32) throw malformed(`${DATABASE}${path} is not whole`);
    return bytes.subarray(0, width * 32);
  };
}

/** 1234067 is `x001/x234/067`. */
function tileNumber(index: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

/** The newer of both trees, once it is proved that it continues the older one, and remembered. */
async function follow({
  head,
  tree,
  readTile,
  file,
}: {
  readonly head: SignedTree | undefined;
  readonly tree: SignedTree;
  readonly readTile: TileReader;
  readonly file: string;
}): Promise<SignedTree> {
  if (head !== undefined) {
    const [older, newer] = head.size <= tree.size ? [head, tree] : [tree, head];
    // guard: growth-checked
    await proveGrowth({ older, newer, readTile });
    if (newer === head || newer.size === head.size) return head;
  }
  // A head that cannot be remembered (a read-only home) protects this run alone.
  await ensureFolder(dirname(file))
    .then(() => writeAtomic(file, `${JSON.stringify({ size: tree.size, hash: tree.hash })}\n`))
    .catch(() => undefined);
  return tree;
}

const decodeHead = asObject({ size: asCount, hash: asMatching(/^[A-Za-z0-9+/]{43}=$/, 'a hash in base64') });

async function readHead(file: string): Promise<SignedTree | undefined> {
  const text = await readTextIfAny(file).catch(() => undefined);
  try {
    return text === undefined ? undefined : decodeHead(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof PolyenvError) return undefined;
    throw error;
  }
}
