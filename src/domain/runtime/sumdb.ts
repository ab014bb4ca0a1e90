import { createHash } from 'node:crypto';
import { malformed } from '../formats/decoders';
import { PolyenvError } from '../words/errors';
import { openNote } from './tree-note';

/**
 * Go's checksum database as a transparent log: https://go.dev/design/25530-sumdb#checksum-database,
 * https://research.swtch.com/tlog and RFC 6962, section 2.
 */
export interface SignedTree {
  /** Records in it. */
  readonly size: number;
  /** Of its root, base64. */
  readonly hash: string;
}

export interface Lookup {
  /** The record's number, from 0. */
  readonly id: number;
  /** Lines as in go.sum, the last one with its line end. */
  readonly record: string;
  /** The signed tree that has the record, not yet believed. */
  readonly note: string;
}

/** The first `width` hashes, of 32 bytes each, of the tile of height 8 at `level` and `index`. */
export type TileReader = (tile: {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}) => Promise<Uint8Array>;

/** The answer of `/lookup/MODULE@VERSION` taken apart; nothing of it is believed. Throws `upstream-malformed`. */
export function parseLookup(text: string): Lookup {
  const [, id = '', record = '', note = ''] = /^(\d{1,16})\n((?:[^\n]+\n)+)\n([\s\S]*)$/.exec(text) ?? [];
  if (record === '' || !Number.isSafeInteger(Number(id))) throw malformed('it is no record of a checksum database');
  return { id: Number(id), record, note };
}

/** The tree that the note is about, once its signature holds. */
export function openTreeNote(note: string, verifier: string): SignedTree {
  const text = openNote(note, verifier);
  const [, size = '', hash] = /^go\.sum database tree\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n/.exec(text) ?? [];
  if (hash === undefined || !Number.isSafeInteger(Number(size))) throw malformed('its signed note is about no tree');
  return { size: Number(size), hash };
}

/** Resolves once the record is proved to stand at `id` in the tree. Throws `signature-invalid`. */
export async function proveRecord({
  id,
  record,
  tree,
  readTile,
}: {
  readonly id: number;
  readonly record: string;
  readonly tree: SignedTree;
  readonly readTile: TileReader;
}): Promise<void> {
  if (id >= tree.size) throw unproved(`record ${id} cannot be in a tree of ${tree.size}`);
  const hashes = openHashes(tree, readTile);
  const leaf = createHash('sha256').update(LEAF).update(record).digest();

  const rootOf = async (low: number, high: number): Promise<Uint8Array> => {
    if (high - low === 1) return leaf;
    const middle = low + splitOf(high - low);
    return id < middle
      ? nodeHash(await rootOf(low, middle), await hashes.range(middle, high))
      : nodeHash(await hashes.range(low, middle), await rootOf(middle, high));
  };
  // guard: inclusion
  if (base64(await rootOf(0, tree.size)) !== tree.hash) throw unproved(`record ${id} is not in its signed tree`);
}

/** Resolves once the newer tree is proved to begin with the records of the older one. Throws `signature-invalid`. */
export async function proveGrowth({
  older,
  newer,
  readTile,
}: {
  readonly older: SignedTree;
  readonly newer: SignedTree;
  readonly readTile: TileReader;
}): Promise<void> {
  if (older.size > newer.size) throw unproved(`a tree of ${newer.size} records cannot continue one of ${older.size}`);
  if (older.size === 0) return;
  if (older.size === newer.size) {
    // guard: one-tree
    if (older.hash !== newer.hash) throw unproved(`there are two trees of ${older.size} records`);
    return;
  }
  const hashes = openHashes(newer, readTile);

  /** The hash of the range, and of what of it was in the older tree. */
  const rootsOf = async (low: number, high: number): Promise<{ before: Uint8Array; now: Uint8Array }> => {
    if (older.size >= high) {
      const hash = await hashes.range(low, high);
      return { before: hash, now: hash };
    }
    const middle = low + splitOf(high - low);
    if (older.size <= middle) {
      const left = await rootsOf(low, middle);
      return { before: left.before, now: nodeHash(left.now, await hashes.range(middle, high)) };
    }
    const left = await hashes.range(low, middle);
    const right = await rootsOf(middle, high);
    return { before: nodeHash(left, right.before), now: nodeHash(left, right.now) };
  };
  const { before, now } = await rootsOf(0, newer.size);
  if (base64(now) !== newer.hash) throw unproved(`its tree of ${newer.size} records is not the signed one`);
  // guard: growth
  if (base64(before) !== older.hash) {
    throw unproved(`its tree of ${newer.size} records does not continue the one of ${older.size} that was seen before`);
  }
}

/** The `h1:` hash of the module's zip in a record, or `undefined` if the record is of another one. */
export function recordedHash(
  record: string,
  { module, version }: { readonly module: string; readonly version: string },
): string | undefined {
  const found = record
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words.length === 3 && words[0] === module && words[1] === version)
    .map((words) => words[2]);
  if (new Set(found).size > 1) throw unproved(`its record has two hashes of ${module}@${version}`);
  return found[0];
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

const TILE_HEIGHT = 8;
const TILE_WIDTH = 2 ** TILE_HEIGHT;
const HASH_BYTES = 32;

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

function base64(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64');
}

/** The largest power of two below the size: where RFC 6962 parts a tree. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** Hashes of ranges of the tree's records, from its tiles. They are as good as the root that they lead to. */
function openHashes(tree: SignedTree, readTile: TileReader): { range(low: number, high: number): Promise<Uint8Array> } {
  const tiles = new Map<string, Promise<Uint8Array>>();

  const tile = (level: number, index: number): Promise<Uint8Array> => {
    const width = Math.min(TILE_WIDTH, Math.floor(tree.size / TILE_WIDTH ** level) - index * TILE_WIDTH);
    const key = `${level}/${index}`;
    const known = tiles.get(key);
    if (known !== undefined) return known;
    const read = readTile({ level, index, width }).then((bytes) => {
      if (bytes.byteLength === width * HASH_BYTES) return bytes;
      throw malformed(`tile ${key} of the checksum database has ${bytes.byteLength} bytes, not ${width * HASH_BYTES}`);
    });
    tiles.set(key, read);
    return read;
  };

  /** Of a complete subtree with 2^height leaves, the one with that index in its row. */
  const complete = async (height: number, index: number): Promise<Uint8Array> => {
    const level = Math.floor(height / TILE_HEIGHT);
    const width = 2 ** (height % TILE_HEIGHT);
    const first = index * width;
    const bytes = await tile(level, Math.floor(first / TILE_WIDTH));
    let row = Array.from({ length: width }, (_, place) => {
      const from = ((first % TILE_WIDTH) + place) * HASH_BYTES;
      return bytes.subarray(from, from + HASH_BYTES);
    });
    while (row.length > 1) {
      row = Array.from({ length: row.length / 2 }, (_, pair) =>
        nodeHash(row[pair * 2] as Uint8Array, row[pair * 2 + 1] as Uint8Array),
      );
    }
    return row[0] as Uint8Array;
  };

  const range = async (low: number, high: number): Promise<Uint8Array> => {
    const size = high - low;
    const height = Math.log2(size);
    if (Number.isInteger(height)) return complete(height, low / size);
    const middle = low + splitOf(size);
    return nodeHash(await range(low, middle), await range(middle, high));
  };
  return { range };
}

function unproved(reason: string): PolyenvError {
  return new PolyenvError('signature-invalid', `the checksum database cannot be believed: ${reason}`, {
    hint: 'something between here and the checksum database changes its answers',
  });
}
