import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  openTreeNote,
  parseLookup,
  proveGrowth,
  proveRecord,
  recordedHash,
  type SignedTree,
  type TileReader,
} from '../../src/domain/runtime/sumdb';
import { openNote } from '../../src/domain/runtime/tree-note';
import { PolyenvError } from '../../src/domain/words/errors';
import { fc } from '../support/seed';

/** The public database's verifier key, as the go command has it. */
const VERIFIER = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
const TOOLCHAIN = { module: 'golang.org/toolchain', version: 'v0.0.1-go1.24.0.linux-amd64' };
const HASH = 'h1:oPC9yECkA1xwFfkEB5H9B9GDchhCH79d2Y7l4ybHXF0=';

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'none';
  } catch (error) {
    if (error instanceof PolyenvError) return error.code;
    throw error;
  }
}

interface Recorded {
  readonly answer: string;
  readonly olderNote: string;
  /** Tile to first index to hashes, one after the other: only those that the proofs need. */
  readonly hashes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/sumdb/toolchain-go1.24.0.json', import.meta.url), 'utf8'),
) as Recorded;

const readRecordedTile: TileReader = async ({ level, index, width }) => {
  const bytes = Buffer.alloc(width * 32);
  for (const [first, text] of Object.entries(recorded.hashes[`${level}/${index}`] ?? {})) {
    Buffer.from(text, 'base64').copy(bytes, Number(first) * 32);
  }
  return bytes;
};

/** The reader, with one bit of the first tile that is read turned over at each of its recorded hashes. */
function flipping(readTile: TileReader, tile: string, place: number): TileReader {
  return async (wanted) => {
    const bytes = Buffer.from(await readTile(wanted));
    if (`${wanted.level}/${wanted.index}` === tile) bytes[place] = (bytes[place] ?? 0) ^ 1;
    return bytes;
  };
}

describe('a recorded answer of the public database', () => {
  const { id, record, note } = parseLookup(recorded.answer);
  const tree = openTreeNote(note, VERIFIER);
  const older = openTreeNote(recorded.olderNote, VERIFIER);

  test('is in the signed tree, which continues an older one', async () => {
    expect(tree).toEqual({ size: 66393050, hash: 'Hj8H0GmwlaYk6RersiH+w2hZWpSiODGR1uqVjAE7p30=' });
    expect(recordedHash(record, TOOLCHAIN)).toBe(HASH);
    await proveRecord({ id, record, tree, readTile: readRecordedTile });
    await proveGrowth({ older, newer: tree, readTile: readRecordedTile });
  });

  test.each(Object.keys(recorded.hashes))('is refused with one bit of tile %s turned over', async (tile) => {
    const [first = '0'] = Object.keys(recorded.hashes[tile] ?? {});
    const readTile = flipping(readRecordedTile, tile, Number(first) * 32);
    const codes = [
      await codeOf(() => proveRecord({ id, record, tree, readTile })),
      await codeOf(() => proveGrowth({ older, newer: tree, readTile })),
    ];
    expect(codes).toContain('signature-invalid');
  });

  test('is refused with another record, at another place, or beyond the tree', async () => {
    const readTile = readRecordedTile;
    const other = record.replace('oPC9', 'oPC8');
    expect(await codeOf(() => proveRecord({ id, record: other, tree, readTile }))).toBe('signature-invalid');
    expect(await codeOf(() => proveRecord({ id: id + 1, record, tree, readTile }))).toBe('signature-invalid');
    expect(await codeOf(() => proveRecord({ id: tree.size, record, tree, readTile }))).toBe('signature-invalid');
  });

  test('is refused with a tile that is too short', async () => {
    const readTile: TileReader = async (wanted) => (await readRecordedTile(wanted)).subarray(32);
    expect(await codeOf(() => proveRecord({ id, record, tree, readTile }))).toBe('upstream-malformed');
  });

  test('is refused with a changed, foreign or missing signature', async () => {
    const size = note.replace('66393050', '66393051');
    expect(await codeOf(() => openTreeNote(size, VERIFIER))).toBe('signature-invalid');
    expect(await codeOf(() => openTreeNote(note.replace('RMq1VX', 'RMq1VY'), VERIFIER))).toBe('signature-invalid');
    expect(await codeOf(() => openTreeNote(note.replace('— sum', '— som'), VERIFIER))).toBe('key-unknown');
    expect(await codeOf(() => openTreeNote(note.replace('Az3grh', 'Az3grR'), VERIFIER))).toBe('key-unknown');
    expect(await codeOf(() => openTreeNote(note.replace(/\n—.*\n/, '\n'), VERIFIER))).toBe('signature-missing');
    expect(await codeOf(() => openTreeNote('', VERIFIER))).toBe('signature-invalid');
  });

  test('a verifier key whose hash is not its own is refused', async () => {
    expect(await codeOf(() => openTreeNote(note, VERIFIER.replace('033de0ae', '033de0af')))).toBe('key-unknown');
    expect(await codeOf(() => openTreeNote(note, 'sum.golang.org'))).toBe('key-unknown');
  });

  test('an answer that is none is malformed', async () => {
    for (const text of [
      '',
      'not found',
      '12\n\n',
      '-1\na b c\n\nnote',
      '99999999999999999\na b c\n\nnote',
      '1\na b c\n',
    ]) {
      expect(await codeOf(() => parseLookup(text)), text).toBe('upstream-malformed');
    }
  });

  test('a record names one hash for exactly the module and version', () => {
    expect(recordedHash(record, { ...TOOLCHAIN, version: 'v0.0.1-go1.24.0.linux-amd6' })).toBeUndefined();
    expect(recordedHash(record, { ...TOOLCHAIN, module: 'olang.org/toolchain' })).toBeUndefined();
    expect(() => recordedHash('m v h1:a\nm v h1:b\n', { module: 'm', version: 'v' })).toThrow('two hashes');
  });
});

describe('a note', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = Buffer.concat([Buffer.of(1), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)]);
  const hash = createHash('sha256').update('here\n').update(key).digest().subarray(0, 4);
  const verifier = `here+${hash.toString('hex')}+${key.toString('base64')}`;
  const signed = (text: string, more = '') =>
    `${text}\n— here ${Buffer.concat([hash, sign(null, Buffer.from(text), privateKey)]).toString('base64')}\n${more}`;

  test('may have blank lines and other signers', () => {
    expect(openNote(signed('a\n\nb\n', '— elsewhere AAAAAAA=\n'), verifier)).toBe('a\n\nb\n');
  });

  test('is not believed by a verifier key that has another hash than it says', async () => {
    const wrong = Buffer.from('deadbeef', 'hex');
    const text = 'a\n';
    const note = `${text}\n— here ${Buffer.concat([wrong, sign(null, Buffer.from(text), privateKey)]).toString('base64')}\n`;
    expect(await codeOf(() => openNote(note, `here+deadbeef+${key.toString('base64')}`))).toBe('key-unknown');
  });

  test('must not have control characters, rubbish among its signatures, or no end', async () => {
    for (const note of [
      signed('a\u0007\n'),
      signed('a\n', 'rubbish\n'),
      signed('a\n').trimEnd(),
      signed('a\n', '— x A\n'),
    ]) {
      expect(await codeOf(() => openNote(note, verifier)), JSON.stringify(note)).toBe('signature-invalid');
    }
  });

  test('about something else than a tree is no tree', async () => {
    expect(await codeOf(() => openTreeNote(signed('another tree\n1\nabc=\n'), verifier))).toBe('upstream-malformed');
  });
});

/** A log of our own, with its tiles and the roots at each size, by the definition in RFC 6962. */
function makeLog(count: number) {
  const records = Array.from({ length: count }, (_, index) => `m v${index} h1:x\n`);
  const leaves = records.map((record) => createHash('sha256').update('\0').update(record).digest());
  const rootOf = (hashes: readonly Buffer[]): Buffer => {
    if (hashes.length === 1) return hashes[0] as Buffer;
    let split = 1;
    while (split * 2 < hashes.length) split *= 2;
    return createHash('sha256')
      .update('\x01')
      .update(rootOf(hashes.slice(0, split)))
      .update(rootOf(hashes.slice(split)))
      .digest();
  };
  const treeOf = (size: number): SignedTree => ({ size, hash: rootOf(leaves.slice(0, size)).toString('base64') });
  const readTile: TileReader = async ({ level, index, width }) => {
    const span = 256 ** level;
    const first = index * 256;
    const row = Array.from({ length: width }, (_, at) =>
      rootOf(leaves.slice((first + at) * span, (first + at + 1) * span)),
    );
    return Buffer.concat(row);
  };
  return { records, treeOf, readTile };
}

describe('a log of any size', () => {
  const log = makeLog(1200);

  test('has each of its records, and none that it has not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1200 }), fc.nat(), async (size, any) => {
        const id = any % size;
        const tree = log.treeOf(size);
        const record = log.records[id] ?? '';
        expect(await codeOf(() => proveRecord({ id, record, tree, readTile: log.readTile }))).toBe('none');
        const other = proveRecord({ id, record: `${record}more\n`, tree, readTile: log.readTile });
        expect(await codeOf(() => other)).toBe('signature-invalid');
      }),
      { numRuns: 60 },
    );
  });

  test('has no record behind its last one', async () => {
    const tree = log.treeOf(5);
    const record = log.records[4] ?? '';
    const { readTile } = log;
    expect(await codeOf(() => proveRecord({ id: 4, record, tree, readTile }))).toBe('none');
    expect(await codeOf(() => proveRecord({ id: 5, record, tree, readTile }))).toBe('signature-invalid');
  });

  test('is told apart from a second one of its size, and from a shorter one', async () => {
    const [newer, { readTile }] = [log.treeOf(7), log];
    const second = { ...newer, hash: log.treeOf(8).hash };
    await expect(proveGrowth({ older: second, newer, readTile })).rejects.toThrow('two trees of 7');
    await expect(proveGrowth({ older: log.treeOf(8), newer, readTile })).rejects.toThrow('cannot continue');
  });

  test('continues each of its beginnings, and no other log', async () => {
    const other = makeLog(1)
      .treeOf(1)
      .hash.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1200 }), fc.integer({ min: 1, max: 1200 }), async (a, b) => {
        const [small, large] = a <= b ? [a, b] : [b, a];
        const newer = log.treeOf(Math.max(1, large));
        const older = small === 0 ? { size: 0, hash: '' } : log.treeOf(small);
        const { readTile } = log;
        expect(await codeOf(() => proveGrowth({ older, newer, readTile }))).toBe('none');
        if (small === 0) return;
        expect(await codeOf(() => proveGrowth({ older: { ...older, hash: other }, newer, readTile }))).toBe(
          'signature-invalid',
        );
        if (small === large) return;
        expect(await codeOf(() => proveGrowth({ older: newer, newer: older, readTile }))).toBe('signature-invalid');
        const forged = { ...newer, hash: other };
        expect(await codeOf(() => proveGrowth({ older, newer: forged, readTile }))).toBe('signature-invalid');
      }),
      { numRuns: 60 },
    );
  });
});

/** The first module proxy that the go command of this machine is configured for, if it carries the database now. */
async function findProxy(): Promise<string | undefined> {
  try {
    const [first = ''] = execFileSync('go', ['env', 'GOPROXY'], { encoding: 'utf8' }).trim().split(/[,|]/);
    const base = `${first}/sumdb/sum.golang.org`;
    const answer = await fetch(`${base}/supported`, { signal: AbortSignal.timeout(3000) });
    return answer.ok ? base : undefined;
  } catch {
    return undefined;
  }
}

const proxy = await findProxy();

describe.skipIf(proxy === undefined)('the real database (skipped where no configured module proxy carries it)', () => {
  const get = async (path: string): Promise<Buffer> => {
    const answer = await fetch(`${proxy}${path}`, { signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  };

  test('proves a toolchain of today, in a tree that continues the recorded one', async () => {
    const readTile: TileReader = async ({ level, index, width }) => {
      const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
      const groups = digits.match(/\d{3}/g) ?? [];
      const path = `/tile/8/${level}/${groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')}`;
      const partial = width < 256 ? await get(`${path}.p/${width}`).catch(() => undefined) : undefined;
      return (partial ?? (await get(path))).subarray(0, width * 32);
    };
    const lookup = parseLookup((await get(`/lookup/${TOOLCHAIN.module}@${TOOLCHAIN.version}`)).toString());
    const tree = openTreeNote(lookup.note, VERIFIER);
    expect(recordedHash(lookup.record, TOOLCHAIN)).toBe(HASH);
    await proveRecord({ ...lookup, tree, readTile });
    const [older, newer] = [openTreeNote(recorded.olderNote, VERIFIER), tree].sort((a, b) => a.size - b.size);
    await proveGrowth({ older: older as SignedTree, newer: newer as SignedTree, readTile });
  });
});
