import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTreeWriter } from '../../src/adapters/archives/tree-writer';
import { unpackTarXz } from '../../src/adapters/archives/unpack';
import { inflateXz } from '../../src/adapters/archives/xz';
import { removeTree } from '../../src/adapters/files/fs';
import { tarXz, xz } from '../support/archives';

const SYSTEM = '/usr/bin/xz';

/** Both ways of decoding: what one refuses the other must refuse too. */
const DECODERS: readonly (readonly [string, readonly string[]])[] = [
  ...(existsSync(SYSTEM) ? [["the system's", [SYSTEM]] as const] : []),
  ['our own', []],
];

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function inflate(bytes: Buffer, { programs, pieces = 1000 }: { programs: readonly string[]; pieces?: number }) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inflateXz(inPieces(bytes, pieces), { programs })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What packs badly, and what packs well. */
function content(size: number): Buffer {
  let seed = 7;
  return Buffer.from(
    Array.from({ length: size }, (_, index) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return index % 3000 < 1000 ? seed >> 16 : index >> 8;
    }),
  );
}

describe.each(DECODERS)('%s decoder', (_name, programs) => {
  it.each([1, 13, 4096, 10_000_000])('gives the content when it arrives in pieces of %i bytes', async (pieces) => {
    const whole = content(pieces === 1 ? 5_000 : 200_000);
    expect((await inflate(xz(whole), { programs, pieces })).equals(whole)).toBe(true);
  });

  it('gives many blocks, and none at all', async () => {
    const whole = content(100_000);
    expect((await inflate(xz(whole, { block: 777 }), { programs })).equals(whole)).toBe(true);
    expect(await inflate(xz(Buffer.alloc(0)), { programs })).toHaveLength(0);
  });

  it.skipIf(!existsSync(SYSTEM))('gives what the real packer packed, and more than waits at once', async () => {
    const whole = content(12_000_000);
    const packed = execFileSync(SYSTEM, ['-1', '-c'], { input: whole, maxBuffer: 2 ** 26 });
    expect((await inflate(packed, { programs, pieces: 65_536 })).equals(whole)).toBe(true);
  });

  it('stops when nobody wants more', async () => {
    const chunks = inflateXz(inPieces(xz(content(300_000)), 1000), { programs });
    for await (const chunk of chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });

  it('hands on what the source says', async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield xz(content(100_000)).subarray(0, 50_000);
      throw new Error('the line broke');
    };
    const all = async () => {
      for await (const chunk of inflateXz(source(), { programs })) expect(chunk.length).toBeGreaterThan(0);
    };
    await expect(all()).rejects.toThrow('the line broke');
  });

  const good = xz(content(150_000));
  const changed = (at: number, byte: number): Buffer => Buffer.from(good).fill(byte, at, at + 1);

  it.each<readonly [string, Buffer, string]>([
    ['no xz file', Buffer.from('PK\x03\x04 and so on, long enough'), 'is no xz file'],
    ['an empty one', Buffer.alloc(0), 'is cut short'],
    ['one that is cut in its header', good.subarray(0, 9), 'is cut short'],
    ['one that is cut in a block', good.subarray(0, 70_000), 'is cut short'],
    ['one that is cut by one byte', good.subarray(0, -1), 'is cut short'],
    ['trailing bytes', Buffer.concat([good, Buffer.from('x')]), 'goes on after its end'],
    ['trailing zeros', Buffer.concat([good, Buffer.alloc(4)]), 'goes on after its end'],
    ['two streams', Buffer.concat([good, good]), 'goes on after its end'],
    ['a damaged header', changed(8, 0xee), 'has a damaged header'],
    ['a damaged block header', changed(13, 0x03), 'damaged'],
    ['damaged content', changed(5000, (good[5000] ?? 0) ^ 0xff), 'is damaged'],
    ['a damaged index', changed(good.length - 20, 0x99), 'the archive'],
    ['a damaged end', changed(good.length - 12, 0x99), 'has a damaged end'],
    ['a chunk of no kind', changed(24, 0x55), 'is damaged'],
  ])('refuses %s', async (_what, bytes, message) => {
    const failure = inflate(bytes, { programs, pieces: 999 });
    await expect(failure).rejects.toMatchObject({ code: 'archive-invalid' });
    await expect(failure).rejects.toThrow(message);
  });

  it('refuses what needs more memory than any archive that we know', async () => {
    await expect(inflate(xz(content(10), { dictionary: 29 }), { programs })).rejects.toMatchObject({
      code: 'archive-refused',
      message: `the archive needs 512 MB of memory, and ${programs.length === 0 ? 64 : 256} MB are allowed`,
    });
    const most = programs.length === 0 ? 26 : 28;
    expect(await inflate(xz(content(10), { dictionary: most }), { programs })).toHaveLength(10);
    const second = Buffer.concat([xz(content(2000), { block: 1000 })]);
    const block = second.indexOf(Buffer.from([2, 0, 0x21, 1]), 100);
    second[block + 4] = 40;
    // Its checksum is false now, too, but the first is the one that counts: neither reaches a decoder.
    await expect(inflate(second, { programs })).rejects.toThrow(/damaged header/);
  });
});

describe('a tar.xz', () => {
  let outer: string;
  beforeEach(() => {
    outer = mkdtempSync(join(tmpdir(), 'polyenv-xz-'));
    mkdirSync(join(outer, 'tree'));
  });
  afterEach(() => removeTree(outer));

  const members = [
    { name: 'top/bin/run', content: '#!/bin/sh\n', mode: 0o755 },
    { name: 'top/lib/text', content: 'hello', mode: 0o644 },
  ];

  async function unpack(bytes: Buffer, programs?: readonly string[]) {
    const sink = openTreeWriter({ into: join(outer, 'tree'), recipe: { format: 'tar.xz', root: 'top' } });
    try {
      await unpackTarXz(inPieces(bytes, 300), sink, programs === undefined ? {} : { programs });
      return await sink.finish();
    } catch (error) {
      await sink.rollback();
      throw error;
    }
  }

  it.each(DECODERS)('is unpacked by %s decoder', async (_name, programs) => {
    const { files } = await unpack(tarXz(members), programs);
    expect(files.map(({ path }) => path)).toEqual(['bin/run', 'lib/text']);
    expect(readFileSync(join(outer, 'tree/lib/text'), 'utf8')).toBe('hello');
  });

  it('leaves nothing behind when it is cut, damaged or a bomb', async () => {
    const good = tarXz(members);
    await expect(unpack(good.subarray(0, -40))).rejects.toMatchObject({ code: 'archive-invalid' });
    await expect(unpack(Buffer.concat([good, good]))).rejects.toThrow('goes on after its end');
    await expect(unpack(xz(Buffer.from('no tar at all')))).rejects.toMatchObject({ code: 'archive-invalid' });
    expect(readdirSync(join(outer, 'tree'))).toEqual([]);
  });

  it.skipIf(!existsSync(SYSTEM))('that grows out of all proportion is refused', async () => {
    const bomb = execFileSync(
      'sh',
      ['-c', `{ printf %s "$1"; head -c 150000000 /dev/zero; } | ${SYSTEM} -1 -c`, 'sh', ''],
      { maxBuffer: 2 ** 26 },
    );
    await expect(unpack(bomb)).rejects.toMatchObject({ code: expect.stringMatching(/^archive-/) });
    expect(readdirSync(join(outer, 'tree'))).toEqual([]);
  });
});
