import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../src/adapters/archives/member';
import { openTreeWriter, type Unpacked } from '../../src/adapters/archives/tree-writer';
import { hashTree, unpackFile, unpackTarGz } from '../../src/adapters/archives/unpack';
import { removeTree } from '../../src/adapters/files/fs';
import { closeTree } from '../../src/adapters/store/disk-use';
import type { Recipe } from '../../src/domain/runtime/artifact';
import { gnuLong, pax, type TarMember, tar, tarGz, tarMember, tarXz, type ZipMember, zip } from '../support/archives';

let outer: string;
let root: string;
beforeEach(() => {
  outer = mkdtempSync(join(tmpdir(), 'polyenv-unpack-'));
  root = join(outer, 'staging');
  mkdirSync(root);
  writeFileSync(join(outer, 'canary'), 'alive');
});
afterEach(async () => {
  await removeTree(outer);
});

interface Options {
  readonly recipe?: Omit<Recipe, 'format' | 'root'>;
  readonly top?: string;
  readonly limits?: Partial<Limits>;
  /** Bytes that arrive at once. */
  readonly pieces?: number;
}

async function unpackTar(
  bytes: Buffer,
  { recipe, top = 'top', limits, pieces = 1000 }: Options = {},
): Promise<Unpacked> {
  const sink = openTreeWriter({
    into: root,
    recipe: { format: 'tar.gz', root: top, ...recipe },
    ...(limits !== undefined && { limits }),
  });
  try {
    await unpackTarGz(inPieces(bytes, pieces), sink);
    return await sink.finish();
  } catch (error) {
    await sink.rollback();
    throw error;
  }
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpackZip(bytes: Buffer, recipe: Omit<Recipe, 'format' | 'root'> = {}): Promise<Unpacked> {
  const file = join(outer, 'a.zip');
  writeFileSync(file, bytes);
  const sink = openTreeWriter({ into: root, recipe: { format: 'zip', root: 'top', ...recipe } });
  try {
    await unpackFile(file, { format: 'zip', sink });
    return await sink.finish();
  } catch (error) {
    await sink.rollback();
    throw error;
  } finally {
    rmSync(file);
  }
}

/** What is left after a refusal: the canary, and an empty staging folder. */
function expectUntouched(): void {
  expect(readdirSync(outer).sort()).toEqual(['canary', 'staging']);
  expect(readFileSync(join(outer, 'canary'), 'utf8')).toBe('alive');
  expect(readdirSync(root)).toEqual([]);
}

const GOOD: readonly TarMember[] = [
  { name: 'top/', type: '5', mode: 0o755 },
  { name: 'top/bin/', type: '5', mode: 0o755 },
  { name: 'top/bin/run', content: '#!/bin/sh\n', mode: 0o755 },
  { name: 'top/lib/text', content: 'hello', mode: 0o644 },
];

describe('a plain archive', () => {
  it.each([1, 7, 100, 1_000_000])('is written the same when it arrives in pieces of %i bytes', async (pieces) => {
    const { files, bytes } = await unpackTar(tarGz(GOOD), { pieces });
    expect(readFileSync(join(root, 'lib/text'), 'utf8')).toBe('hello');
    expect(statSync(join(root, 'bin/run')).mode & 0o777).toBe(0o555);
    expect(statSync(join(root, 'lib/text')).mode & 0o777).toBe(0o444);
    expect(bytes).toBe(15);
    expect(files).toEqual([
      { path: 'bin/run', mode: 0o555, size: 10, digest: sha256('#!/bin/sh\n') },
      { path: 'lib/text', mode: 0o444, size: 5, digest: sha256('hello') },
    ]);
  });

  it('keeps content that spans many chunks, and its digest', async () => {
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) >> 5));
    const { files } = await unpackTar(tarGz([{ name: 'top/big', content }]), { pieces: 65_536 });
    expect(readFileSync(join(root, 'big')).equals(content)).toBe(true);
    expect(files[0]?.digest).toBe(sha256(content));
  });

  it('takes names from pax and GNU headers, also when the cut name ends in a slash', async () => {
    const long = `top/${'d'.repeat(95)}/${'f'.repeat(120)}`;
    expect(long[99]).toBe('/');
    await unpackTar(
      tarGz([
        pax({ path: 'top/päth', mtime: '1.5' }),
        { name: 'short', content: 'a' },
        gnuLong(long),
        { name: long.slice(0, 100), content: 'b', magic: 'ustar  \0' },
        { name: 'file', prefix: 'top/prefix', content: 'c' },
      ]),
    );
    expect(readFileSync(join(root, 'päth'), 'utf8')).toBe('a');
    expect(readFileSync(join(root, long.slice(4)), 'utf8')).toBe('b');
    expect(readFileSync(join(root, 'prefix/file'), 'utf8')).toBe('c');
  });

  it('masks what no file of a toolchain may have', async () => {
    await unpackTar(
      tarGz(
        [4755, 2755, 1777, 666, 777, 0].map((mode) => ({ name: `top/m${mode}`, mode: Number.parseInt(`${mode}`, 8) })),
      ),
    );
    for (const name of readdirSync(root)) {
      const { mode } = statSync(join(root, name));
      expect(mode & 0o7222, name).toBe(0);
      expect(mode & 0o400, name).toBe(0o400);
    }
  });

  it('belongs to the caller, whatever the archive says', async () => {
    await unpackTar(tarGz([pax({ uid: '12345', 'SCHILY.xattr.user.x': 'y' }), { name: 'top/f' }]));
    expect(statSync(join(root, 'f')).uid).toBe(process.getuid?.());
  });

  it('is the same tree that GNU tar makes', async () => {
    const source = join(outer, 'top');
    mkdirSync(join(source, 'a/b'), { recursive: true });
    writeFileSync(join(source, 'a/b/f'), 'x'.repeat(5000), { mode: 0o755 });
    writeFileSync(join(source, `a/${'n'.repeat(150)}`), 'y');
    symlinkSync('b/f', join(source, 'a/link'));
    execFileSync('ln', [join(source, 'a/b/f'), join(source, 'a/hard')]);
    execFileSync('tar', ['-czf', join(outer, 'a.tgz'), '-C', outer, 'top']);
    await unpackTar(readFileSync(join(outer, 'a.tgz')));
    expect(execFileSync('diff', ['-r', '--no-dereference', source, root], { encoding: 'utf8' })).toBe('');
  });
});

describe('an archive that is worth a thread', () => {
  const content = Buffer.from(Array.from({ length: 13_000_000 }, (_, index) => (index * 7919) >> 5));
  const members: readonly TarMember[] = [
    { name: 'top/a', content },
    { name: 'top/b', content: 'small' },
    { name: 'top/c', content: content.subarray(1) },
    { name: 'top/d' },
    { name: 'other/e', content: 'not taken' },
  ];

  it('is written and hashed all the same', async () => {
    const { files } = await unpackTar(tarGz(members), { pieces: 65_536 });
    expect(files.map((one) => one.digest)).toEqual([content, 'small', content.subarray(1), ''].map(sha256));
    expect(readFileSync(join(root, 'c')).equals(content.subarray(1))).toBe(true);
  });

  it('takes back what it wrote when it fails, and not what was there before', async () => {
    writeFileSync(join(root, 'c'), 'of another');
    await expect(unpackTar(tarGz(members))).rejects.toMatchObject({
      code: 'archive-refused',
      message: expect.stringContaining('"c"'),
    });
    expect(readdirSync(root)).toEqual(['c']);
    expect(readFileSync(join(root, 'c'), 'utf8')).toBe('of another');
  });

  it('is written from the bundle too, whose names are short', async () => {
    const program = join(outer, 'bundle.cjs');
    await build({
      stdin: {
        contents: `
          import { openTreeWriter } from './src/adapters/archives/tree-writer';
          import { unpackFile } from './src/adapters/archives/unpack';
          const [file, into] = process.argv.slice(2) as [string, string];
          const sink = openTreeWriter({ into, recipe: { format: 'tar.gz', root: 'top' } });
          unpackFile(file, { format: 'tar.gz', sink }).then(() => sink.finish());`,
        resolveDir: resolve(__dirname, '../..'),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      minify: true,
      keepNames: true,
      outfile: program,
      logLevel: 'error',
    });
    writeFileSync(join(outer, 'a.tgz'), tarGz(members));
    execFileSync(process.execPath, [program, join(outer, 'a.tgz'), root]);
    expect(readFileSync(join(root, 'a')).equals(content)).toBe(true);
  });
});

describe('a recipe', () => {
  it('takes what is below its root, leaves out what it skips, and puts it in its place', async () => {
    const members = [...GOOD, { name: 'top/manifest.in', content: 'x' }, { name: 'other/f', content: 'x' }];
    const { files } = await unpackTar(tarGz(members), { recipe: { place: 'in/here', skip: ['manifest.in'] } });
    expect(files.map((file) => file.path)).toEqual(['in/here/bin/run', 'in/here/lib/text']);
    expect(readdirSync(root)).toEqual(['in']);
  });

  it('makes executables, copies and links', async () => {
    const members: readonly ZipMember[] = [
      { name: 'top/bin/go', content: 'x' },
      { name: 'top/pkg/tool/linux/asm', content: 'x' },
      { name: 'top/src/_go.mod', content: 'module a' },
      { name: 'top/src/b/_go.mod', content: 'module b' },
      { name: 'top/src/b/go.mod', content: 'kept' },
    ];
    await unpackZip(zip(members), {
      executables: ['bin/*', 'pkg/tool/*/*'],
      copies: [{ from: '_go.mod', to: 'go.mod' }],
      links: [{ path: 'alias/go', target: '../bin/go' }],
    });
    expect(statSync(join(root, 'bin/go')).mode & 0o777).toBe(0o555);
    expect(statSync(join(root, 'pkg/tool/linux/asm')).mode & 0o777).toBe(0o555);
    expect(statSync(join(root, 'src/_go.mod')).mode & 0o777).toBe(0o444);
    expect(readFileSync(join(root, 'src/go.mod'), 'utf8')).toBe('module a');
    expect(readFileSync(join(root, 'src/b/go.mod'), 'utf8')).toBe('kept');
    expect(readlinkSync(join(root, 'alias/go'))).toBe('../bin/go');
  });

  it.each([['../out'], ['/etc/x']])('cannot itself lead out (%s)', async (path) => {
    await expect(unpackTar(tarGz(GOOD), { recipe: { links: [{ path, target: 'x' }] } })).rejects.toThrow();
    await expect(unpackTar(tarGz(GOOD), { recipe: { links: [{ path: 'l', target: path }] } })).rejects.toThrow();
    await expect(unpackTar(tarGz(GOOD), { recipe: { place: path } })).rejects.toThrow();
    expectUntouched();
  });

  it.each<[string, readonly TarMember[]]>([
    ['no folder of that name', [{ name: 'other/f' }]],
    ['files without a folder', [{ name: 'f' }]],
    ['the folder alone', [{ name: 'top/', type: '5' }]],
    ['a file in its place', [{ name: 'top', content: 'x' }]],
    ['a link in its place', [{ name: 'top', type: '2', target: 'other' }, { name: 'top/f' }]],
  ])('wants a folder of files: %s', async (_what, members) => {
    await expect(unpackTar(tarGz(members))).rejects.toMatchObject({ exit: 6 });
    expectUntouched();
  });

  it('accepts a top folder written with dots', async () => {
    await unpackTar(
      tarGz([
        { name: './top/', type: '5' },
        { name: './top/./f', content: 'x' },
      ]),
    );
    expect(readdirSync(root)).not.toContain('l');
  });
});

describe('links that are as they should be', () => {
  it('keeps relative, dangling and circular ones, and links to folders', async () => {
    const links = {
      sibling: 'f',
      deep: 'd/g',
      dangling: 'nothing/here',
      self: 'self',
      folder: 'd',
      'd/up': '../f',
      'd/top': '..',
    };
    const members = Object.entries(links).map(([name, target]) => ({ name: `top/${name}`, type: '2', target }));
    const { files } = await unpackTar(tarGz([...members, { name: 'top/f' }, { name: 'top/d/g' }]));
    for (const [name, target] of Object.entries(links)) expect(readlinkSync(join(root, name))).toBe(target);
    expect(files.find((file) => file.path === 'deep')).toEqual({ path: 'deep', mode: 0o777, size: 0, link: 'd/g' });
  });

  it('writes through a link to a folder of the archive', async () => {
    const link = { name: 'top/lib64', type: '2', target: 'lib' };
    await unpackTar(tarGz([{ name: 'top/lib/', type: '5' }, link, { name: 'top/lib64/f', content: 'x' }]));
    expect(readFileSync(join(root, 'lib/f'), 'utf8')).toBe('x');
    expect(lstatSync(join(root, 'lib64')).isSymbolicLink()).toBe(true);
  });

  it('makes no link before all was read', async () => {
    const broken = Buffer.concat([tarMember({ name: 'top/l', type: '2', target: 'f' }), tarMember({ name: 'top/f' })]);
    const sink = openTreeWriter({ into: root, recipe: { format: 'tar.gz', root: 'top' } });
    await expect(unpackTarGz(inPieces(gzipSync(broken), 99), sink)).rejects.toThrow();
    expect(readdirSync(root)).not.toContain('l');
    await sink.rollback();
    expectUntouched();
  });

  it('keeps hard links between files of the archive', async () => {
    await unpackTar(
      tarGz([
        { name: 'top/a', content: 'x' },
        { name: 'top/b', type: '1', target: 'top/a' },
      ]),
    );
    expect(statSync(join(root, 'b')).ino).toBe(statSync(join(root, 'a')).ino);
  });

  it('keeps links of zips', async () => {
    await unpackZip(
      zip([
        { name: 'top/f', content: 'x' },
        { name: 'top/l', content: 'f', mode: 0o120777 },
      ]),
    );
    expect(readlinkSync(join(root, 'l'))).toBe('f');
  });
});

const link = (name: string, target: string): TarMember => ({ name: `top/${name}`, type: '2', target });
const hard = (name: string, target: string): TarMember => ({ name: `top/${name}`, type: '1', target });
const file = (name: string): TarMember => ({ name: `top/${name}`, content: 'evil' });
const folder = (name: string): TarMember => ({ name: `top/${name}/`, type: '5' });

describe('an archive that attacks', () => {
  const names = ['../e', 'top/../../e', '/abs', '//abs', 'top//../../e', './../e', 'top/..', 'top/a/../../../e'];
  it.each(names)('is refused for the name %s', async (name) => {
    await expectRefused(tarGz([...GOOD, { name, content: 'evil' }]));
    await expectRefused(tarGz([...GOOD, pax({ path: name }), { name: 'top/harmless' }]));
    await expectRefused(tarGz([...GOOD, gnuLong(name), { name: 'top/harmless', magic: 'ustar  \0' }]));
    await expect(unpackZip(zip([{ name: 'top/f' }, { name, content: 'evil' }]))).rejects.toMatchObject({
      code: 'archive-refused',
    });
    expectUntouched();
  });

  it.each(['top/a\x1b[2Jb', 'top/a\nb', 'top/a\x7fb', 'top/a\u0085b', ''])(
    'is refused for the name %j',
    async (name) => {
      await expectRefused(tarGz([...GOOD, { name, content: 'x' }]));
    },
  );

  it('is refused for names that are not UTF-8, too long or too deep', async () => {
    const latin = tarMember({ name: 'top/xx' });
    latin.writeUInt8(0xe9, 5);
    latin.write(
      `${(latin.subarray(0, 148).reduce((a, b) => a + b, 0) + latin.subarray(156, 512).reduce((a, b) => a + b, 0) + 256).toString(8).padStart(6, '0')}\0 `,
      148,
    );
    await expectRefused(gzipSync(Buffer.concat([latin, Buffer.alloc(1024)])));
    await expectRefused(tarGz([...GOOD, pax({ path: `top/${'n'.repeat(256)}` }), { name: 'top/x' }]));
    await expectRefused(tarGz([...GOOD, pax({ path: `top/${'é'.repeat(128)}` }), { name: 'top/x' }]));
    await expectRefused(tarGz([...GOOD, pax({ path: `top/${'abc/'.repeat(1100)}f` }), { name: 'top/x' }]));
    await expectRefused(tarGz([...GOOD, pax({ path: `top/${'d/'.repeat(100)}f` }), { name: 'top/x' }]));
  });

  it.each<[RegExp, readonly TarMember[]]>([
    [/a name of more than 4096 bytes/, [pax({ path: `top/${`${'n'.repeat(249)}/`.repeat(20)}f` }), { name: 'top/x' }]],
    [/goes through the link/, [folder('a'), link('a/b', 'c'), link('x', 'a'), file('x/b/e')]],
    [/which is a file or link there/, [file('f'), file('f/g')]],
  ])('is refused by the rule that says %s', async (message, members) => {
    await expect(unpackTar(tarGz([...GOOD, ...members]))).rejects.toThrow(message);
    expectUntouched();
  });

  it('is refused for a name that is not UTF-8, in these words', async () => {
    const latin = tarMember({ name: 'top/xx' });
    latin.writeUInt8(0xe9, 5);
    const sum = latin.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
    latin.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    await expect(unpackTar(gzipSync(Buffer.concat([latin, Buffer.alloc(1024)])))).rejects.toThrow(/not UTF-8/);
  });

  it('is refused as a zip with bytes before its first member, and with members in each other', async () => {
    const members = [
      { name: 'top/a', content: 'x'.repeat(100), stored: true },
      { name: 'top/b', content: 'y', stored: true },
    ];
    await expect(unpackZip(zip(members, '', Buffer.from('MZ junk')))).rejects.toThrow(/start with its first member/);
    const overlapping = zip(members);
    overlapping.writeUInt32LE(50, overlapping.lastIndexOf('PK\x01\x02') + 42);
    await expect(unpackZip(overlapping)).rejects.toThrow(/overlaps the next one/);
    expectUntouched();
  });

  it('takes backslashes and drives as the plain names that they are here', async () => {
    const members = ['C:\\e', 'C:..e', '..\\e', '\\\\host\\s', 'a:b'].map((name) => file(name));
    await unpackTar(tarGz(members));
    expect(readdirSync(root).sort()).toEqual(['..\\e', 'C:..e', 'C:\\e', '\\\\host\\s', 'a:b'].sort());
  });

  it.each<[string, readonly TarMember[]]>([
    ['an absolute link', [link('l', '/etc')]],
    ['a link out', [link('l', '../../canary')]],
    ['a link out of a folder', [link('a/l', '../../x')]],
    ['a link out of the stripped root', [link('l', '../other')]],
    ['a link that winds', [folder('a/b'), link('l', 'a/b/../../..')]],
    ['a link that winds through another', [link('a/b/up', '../..'), link('x', 'a/b/up/..')]],
    ['the same out of order', [link('x', 'a/b/up/..'), link('a/b/up', '../..')]],
    ['a link to nothing', [link('l', '')]],
    ['a file through a link above itself', [link('a/b/up', '../..'), file('a/b/up/e')]],
    ['a file through a link to the folder above', [link('a/b/up', '..'), file('a/b/f'), file('a/b/up/e')]],
    ['a file through a chain', [link('a/b/up', '../..'), link('x', 'a/b/up'), file('x/e')]],
    ['a file through a link to a link', [folder('d'), link('one', 'd'), link('two', 'one'), file('two/e')]],
    ['a file through a dangling link', [link('l', 'later'), file('l/e')]],
    ['a link through a link', [link('a/b/up', '../..'), link('a/b/up/l', 'x')]],
    ['a file over a link', [link('l', 'f'), file('l')]],
    ['a link over a file', [file('l'), link('l', 'f')]],
    ['a link over a folder', [folder('d'), link('d', 'f')]],
    ['a folder over a link', [link('d', 'f'), folder('d')]],
    ['a hard link out', [hard('h', '../canary')]],
    ['a hard link to an absolute path', [hard('h', '/etc/passwd')]],
    ['a hard link to what is not in the archive', [hard('h', 'top/none')]],
    ['a hard link to a link', [link('l', 'f'), hard('h', 'top/l')]],
    ['a hard link to a folder', [folder('d'), hard('h', 'top/d')]],
    ['a hard link outside the root', [{ name: 'other/f' }, hard('h', 'other/f')]],
    ['the name of a hard link again', [file('a'), hard('h', 'top/a'), file('h')]],
    ['a hard link with content', [file('a'), { ...hard('h', 'top/a'), content: 'evil' }]],
    ['a character device', [{ name: 'top/null', type: '3' }]],
    ['a block device', [{ name: 'top/sda', type: '4' }]],
    ['a pipe', [{ name: 'top/p', type: '6' }]],
    ['a sparse file', [{ name: 'top/s', type: 'S' }]],
    ['a sparse file by pax', [pax({ 'GNU.sparse.major': '1' }), file('s')]],
    ['an unknown kind', [{ name: 'top/x', type: 'Z' }]],
    ['a device outside the root', [{ name: 'null', type: '3' }]],
    ['a member twice', [file('f'), file('f')]],
    ['a file where a folder is', [folder('d'), file('d')]],
    ['a file below a file', [file('f'), file('f/g')]],
    ['names that differ by case', [file('Lib'), file('lib')]],
    ['folders that differ by case', [file('Lib/x'), file('lib/y')]],
    ['names that differ by normal form', [file('\u00e9'), file('e\u0301')]],
    ['sharp s and ss', [file('stra\u00dfe'), file('strasse')]],
    ['a link and a file that differ by case', [link('L', 'f'), file('l')]],
    ['pax and header disagreeing on the size', [pax({ size: '100' }), file('f')]],
    ['two long names', [gnuLong('top/a'), gnuLong('top/b'), file('f')]],
    ['pax and GNU names at once', [pax({ path: 'top/a' }), gnuLong('top/b'), file('f')]],
    ['a pax record twice', [pax({ path: 'top/a' }), pax({ path: 'top/b' }), file('f')]],
    ['a name for all members', [pax({ path: 'top/a' }, 'g'), file('f')]],
    ['a NUL in a pax name', [pax({ path: 'top/a\0b' }), file('f')]],
    ['a folder with content', [{ name: 'top/d/', type: '5', content: 'evil' }]],
    ['a header of two megabytes', [{ ...pax({ comment: 'x'.repeat(2 ** 21) }) }, file('f')]],
  ])('is refused: %s', async (_what, members) => {
    await expectRefused(tarGz([...GOOD, ...members]));
  });

  it('is told apart from terminfo, where capitals matter', async () => {
    await unpackTar(
      tarGz([file('share/terminfo/2/2621a'), file('share/terminfo/2/2621A'), file('share/terminfo/E/x')]),
    );
    expect(readdirSync(join(root, 'share/terminfo/2'))).toHaveLength(2);
    await expectRefused(tarGz([file('Share/terminfo/x'), file('share/terminfo/x')]), ['share']);
  });

  it('finds links and files of others in its way: they stay as they are', async () => {
    mkdirSync(join(outer, 'precious'));
    symlinkSync('../precious', join(root, 'lib'));
    await expect(unpackTar(tarGz(GOOD))).rejects.toMatchObject({ code: 'archive-refused' });
    expect(readdirSync(join(outer, 'precious'))).toEqual([]);
    rmSync(join(root, 'lib'));
    mkdirSync(join(root, 'lib'));
    symlinkSync('../../canary', join(root, 'lib/text'));
    await expect(unpackTar(tarGz(GOOD))).rejects.toMatchObject({ code: 'archive-refused' });
    expect(readFileSync(join(outer, 'canary'), 'utf8')).toBe('alive');
  });

  async function expectRefused(bytes: Buffer, left: readonly string[] = []): Promise<void> {
    await expect(unpackTar(bytes)).rejects.toMatchObject({ code: 'archive-refused' });
    if (left.length === 0) expectUntouched();
  }
});

describe('bounds', () => {
  it('holds the number of members, their bytes and the ratio', async () => {
    const many = Array.from({ length: 20 }, (_, index) => file(`f${index}`));
    await expect(unpackTar(tarGz(many), { limits: { entries: 19 } })).rejects.toMatchObject({
      code: 'archive-refused',
    });
    await expect(unpackTar(tarGz(many), { limits: { bytes: 79 } })).rejects.toMatchObject({
      code: 'archive-refused',
    });
    await unpackTar(tarGz(many), { limits: { entries: 20, bytes: 80 } });
  });

  it('refuses a declared size beyond the bound without waiting for the bytes', async () => {
    const declared = tarMember({ name: 'top/huge', size: 2 ** 33 - 1 });
    const two = Buffer.concat([declared, tarMember({ name: 'top/more', size: 2 ** 33 - 1 })]);
    await expect(unpackTar(gzipSync(two))).rejects.toMatchObject({ exit: 6 });
    await expect(unpackTar(gzipSync(declared), { limits: { bytes: 1000 } })).rejects.toMatchObject({
      code: 'archive-refused',
    });
    expectUntouched();
  });

  it('stops a bomb at its ratio', async () => {
    const bomb = tarGz([{ name: 'top/bomb', content: Buffer.alloc(80 * 2 ** 20) }]);
    await expect(unpackTar(bomb)).rejects.toThrow(/200 times/);
    expectUntouched();
  });

  it('refuses a zip that declares what cannot be, before it makes room for it', async () => {
    await expect(unpackZip(zip([{ name: 'top/f', content: 'x', size: 0xf0000000 }]))).rejects.toThrow(
      /impossible size/,
    );
    await expect(unpackZip(zip([{ name: 'top/f', content: 'xyz', size: 2 }]))).rejects.toMatchObject({ exit: 6 });
    expectUntouched();
  });
});

describe('damage', () => {
  const good = tarGz([...GOOD, { name: 'top/noise', content: createHash('sha512').update('x').digest() }]);

  it('notices every truncation', async () => {
    for (let cut = 0; cut < good.length; cut += Math.max(1, Math.floor(good.length / 50))) {
      await expect(unpackTar(good.subarray(0, cut)), `${cut} bytes`).rejects.toMatchObject({ code: 'archive-invalid' });
      expectUntouched();
    }
  });

  it('notices a tar that ends early inside a whole gzip', async () => {
    const plain = tar(GOOD);
    for (const cut of [512, 700, 1024, plain.length - 1024, plain.length - 512, plain.length - 1]) {
      await expect(unpackTar(gzipSync(plain.subarray(0, cut))), `${cut}`).rejects.toMatchObject({ exit: 6 });
    }
    expectUntouched();
  });

  it.each<[string, Buffer]>([
    ['garbage behind the gzip', Buffer.concat([good, Buffer.from('garbage')])],
    ['zeros behind the gzip', Buffer.concat([good, Buffer.alloc(10)])],
    ['garbage behind the tar', gzipSync(Buffer.concat([tar(GOOD), Buffer.from('garbage')]))],
    ['a second tar behind the tar', gzipSync(Buffer.concat([tar(GOOD), tar([file('second')])]))],
    ['a second tar in a second gzip member', Buffer.concat([good, tarGz([file('second')])])],
    ['nothing', Buffer.alloc(0)],
    ['an empty gzip', gzipSync('')],
    ['a web page', Buffer.from('<!doctype html><html></html>')],
    ['a zip', zip([{ name: 'top/f', content: 'x' }])],
    ['gzip in gzip', gzipSync(good)],
    ['a plain tar', tar(GOOD)],
    ['a wrong checksum', tarGz([{ name: 'top/f', checksum: 1 }])],
    ['a wrong magic', tarGz([{ name: 'top/f', magic: 'EVIL!\x0000' }])],
    ['a pax header that describes nothing', tarGz([...GOOD, pax({ path: 'top/x' })])],
    ['a pax record of a wrong length', tarGz([{ name: 'x', type: 'x', content: '99 path=top/x\n' }, file('f')])],
  ])('refuses %s', async (_what, bytes) => {
    await expect(unpackTar(bytes)).rejects.toMatchObject({ exit: 6 });
    expectUntouched();
  });

  it('reads a tar that comes in several gzip members', async () => {
    const plain = tar(GOOD);
    await unpackTar(Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))]));
    expect(readdirSync(root).sort()).toEqual(['bin', 'lib']);
  });
});

describe('zip', () => {
  const big = Buffer.from(Array.from({ length: 5_000_000 }, (_, index) => (index * 31) >> 7));
  const middle = big.subarray(0, 100_000);

  it.each([false, true])('reads stored and deflated members of every size (deferred: %s)', async (deferred) => {
    const members = [
      { name: 'top/', mode: 0o040755 },
      { name: 'top/empty' },
      { name: 'top/small', content: 'x' },
      { name: 'top/middle', content: middle },
      { name: 'top/big', content: big },
      { name: 'top/run', content: 'x', mode: 0o100755 },
    ].map((member) => ({ ...member, deferred }));
    const stored = { name: 'top/stored', content: big, stored: true };
    const { files } = await unpackZip(zip([...members, stored]));
    expect(readFileSync(join(root, 'big')).equals(big)).toBe(true);
    expect(readFileSync(join(root, 'stored')).equals(big)).toBe(true);
    expect(readFileSync(join(root, 'middle')).equals(middle)).toBe(true);
    expect(statSync(join(root, 'run')).mode & 0o777).toBe(0o555);
    expect(files.find((one) => one.path === 'big')?.digest).toBe(sha256(big));
  });

  const one = { name: 'top/f', content: 'x' };
  const flipped = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
    return copy;
  };

  it.each<[string, Buffer]>([
    ['a wrong sum, small', zip([{ ...one, crc: 1 }])],
    ['a wrong sum, middling', zip([{ ...one, content: middle, crc: 1 }])],
    ['a wrong sum, large', zip([{ ...one, content: big, crc: 1 }])],
    ['another name in the local header', zip([{ ...one, localName: 'top/e' }])],
    ['another size in the local header', flipped(zip([one]), 22)],
    ['another sum behind a deferred member', flipped(zip([{ ...one, deferred: true }]), 30 + 5 + 3 + 4)],
    ['a member twice', zip([one, one])],
    ['a member twice that is not taken', zip([one, { name: 'other/f' }, { name: 'other/f' }])],
    ['something behind deflated bytes, small', zip([{ ...one, tail: 'hidden' }])],
    ['something behind deflated bytes, middling', zip([{ ...one, content: middle, tail: 'hidden' }])],
    ['something behind deflated bytes, large', zip([{ ...one, content: big, tail: 'hidden' }])],
    [
      'something before the end',
      Buffer.concat([zip([one]).subarray(0, -22), Buffer.from('x'), zip([one]).subarray(-22)]),
    ],
    ['a gap between members', zip([{ ...one, gap: Buffer.from('hidden') }, { name: 'top/g' }])],
    ['something before the first member', Buffer.concat([Buffer.from('#!'), zip([one])])],
    ['something behind the end', Buffer.concat([zip([one]), Buffer.from('x')])],
    ['an end in its own comment', zip([one], 'PK\x05\x06'.padEnd(40, '\0'))],
    ['encryption', zip([{ ...one, flags: 1 }])],
    ['an unknown method', zip([{ ...one, method: 12, stored: true }])],
    ['zip64', zip([{ ...one, extra: Buffer.from([1, 0, 4, 0, 0, 0, 0, 0]) }])],
    ['a second name in an extra field', zip([{ ...one, extra: Buffer.from([0x75, 0x70, 1, 0, 0x65]) }])],
    ['a device', zip([one, { name: 'top/d', mode: 0o020666 }])],
    ['a folder that is a file', zip([one, { name: 'top/d', mode: 0o040755 }])],
    ['a file that is a folder', zip([one, { name: 'top/d/', mode: 0o100644 }])],
    ['a link out', zip([one, { name: 'top/l', content: '../../canary', mode: 0o120777 }])],
    ['a file through a link', zip([one, { name: 'top/l', content: '..', mode: 0o120777 }, { name: 'top/l/e' }])],
    ['a name that is not UTF-8', zip([{ name: 'top/\u00e9', content: 'x' }])],
    ['names that differ by case', zip([one, { name: 'top/F' }])],
    ['a gzipped tar', tarGz(GOOD)],
    ['nothing', Buffer.alloc(0)],
  ])('refuses %s', async (_what, bytes) => {
    await expect(unpackZip(bytes)).rejects.toMatchObject({ exit: 6 });
    expectUntouched();
  });

  it('notices every truncation', async () => {
    const whole = zip([one, { name: 'top/g', content: middle }]);
    for (let cut = 0; cut < whole.length; cut += Math.floor(whole.length / 50)) {
      await expect(unpackZip(whole.subarray(0, cut)), `${cut} bytes`).rejects.toMatchObject({ exit: 6 });
    }
    expectUntouched();
  });

  it('hashes a tree as Go does: https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash', () => {
    const names = new Map([
      ['b', sha256('2')],
      ['a', sha256('1')],
    ]);
    const expected = createHash('sha256')
      .update(`${sha256('1')}  a\n${sha256('2')}  b\n`)
      .digest('base64');
    expect(hashTree(names)).toBe(expected);
  });
});

describe('closeTree', () => {
  it('takes the write bits of everything below the root, and lets the root be moved', async () => {
    await unpackTar(tarGz(GOOD));
    symlinkSync('..', join(root, 'link'));
    expect(await closeTree(root)).toBeGreaterThan(0);
    for (const name of ['bin', 'lib', 'bin/run', 'lib/text']) {
      expect(statSync(join(root, name)).mode & 0o222, name).toBe(0);
    }
    expect(statSync(outer).mode & 0o200).toBe(0o200);
    renameSync(root, join(outer, 'published'));
    expect(existsSync(join(outer, 'published/bin/run'))).toBe(true);
  });
});

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

it('writes only what the recipe takes, and no folder that then is empty', async () => {
  const members = [
    { name: 'top/bin/psql', content: 'x', mode: 0o755 },
    { name: 'top/bin/other', content: 'y' },
    { name: 'top/share/', type: '5' },
    { name: 'top/lib.libs/a/b.so', content: 'z' },
  ];
  const { files } = await unpackTar(tarGz(members), { recipe: { take: ['bin/psql', '*.libs/**'] } });
  expect(files.map(({ path }) => path)).toEqual(['bin/psql', 'lib.libs/a/b.so']);
  expect(readdirSync(root).sort()).toEqual(['bin', 'lib.libs']);
});

describe('an archive in an archive', () => {
  const inner = tarXz([
    { name: './bin/run', content: '#!/bin/sh\n', mode: 0o755 },
    { name: './share/big', content: Buffer.alloc(9_000_000, 'abc ') },
  ]);

  async function unpackJar(bytes: Buffer, member = 'server.txz', format: 'tar.xz' | 'tar.gz' = 'tar.xz') {
    const file = join(outer, 'a.jar');
    writeFileSync(file, bytes);
    const recipe: Recipe = { format: 'zip', nested: { member, format }, root: '' };
    const sink = openTreeWriter({ into: root, recipe });
    try {
      await unpackFile(file, { format: 'zip', nested: { member, format }, sink });
      return await sink.finish();
    } catch (error) {
      await sink.rollback();
      throw error;
    } finally {
      rmSync(file);
    }
  }

  it('is what is written; what lies beside it is not', async () => {
    const jar = zip([
      { name: 'META-INF/MANIFEST.MF', content: 'x' },
      { name: 'server.txz', content: inner },
      { name: 'other.txz', content: 'no archive' },
    ]);
    const { files } = await unpackJar(jar);
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['bin/run', 10],
      ['share/big', 9_000_000],
    ]);
    expect(statSync(join(root, 'bin/run')).mode & 0o777).toBe(0o555);
  });

  it('may be a tar.gz', async () => {
    const { files } = await unpackJar(zip([{ name: 'a.tgz', content: tarGz(GOOD) }]), 'a.tgz', 'tar.gz');
    expect(files.map(({ path }) => path)).toEqual(['top/bin/run', 'top/lib/text']);
  });

  it('that is damaged, missing, or in a damaged one, leaves nothing', async () => {
    const jar = zip([{ name: 'server.txz', content: inner }]);
    await expect(unpackJar(zip([{ name: 'x', content: 'y' }]))).rejects.toThrow('holds no "server.txz"');
    await expect(unpackJar(zip([{ name: 'server.txz', content: inner.subarray(0, 3_000_000) }]))).rejects.toMatchObject(
      { code: 'archive-invalid' },
    );
    await expect(unpackJar(zip([{ name: 'server.txz', content: Buffer.concat([inner, inner]) }]))).rejects.toThrow(
      'goes on after its end',
    );
    const broken = Buffer.from(jar);
    const middle = Math.floor(jar.length / 2);
    broken[middle] = (broken[middle] ?? 0) ^ 0xff;
    await expect(unpackJar(broken)).rejects.toMatchObject({ code: 'archive-invalid' });
    await expect(unpackJar(jar.subarray(0, -30))).rejects.toMatchObject({ code: 'archive-invalid' });
    expectUntouched();
  });

  it('has the guards of any other', async () => {
    const hostile = tarXz([{ name: '../escaped', content: 'x' }]);
    await expect(unpackJar(zip([{ name: 'server.txz', content: hostile }]))).rejects.toMatchObject({
      code: 'archive-refused',
    });
    expectUntouched();
  });
});
