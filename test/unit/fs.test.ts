import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureFolder, readTextIfAny, removeTree } from '../../src/adapters/files/fs';
import { translateFsError } from '../../src/adapters/files/fs-errors';
import { writeAtomic } from '../../src/adapters/files/write-atomic';
import { discard } from '../support/discard';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polyenv-fs-'));
});
afterEach(() => {
  discard(root);
});

describe('writeAtomic', () => {
  it('makes a file that group and others may not write, and leaves nothing else', async () => {
    await writeAtomic(join(root, 'a'), 'one');
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('one');
    expect(statSync(join(root, 'a')).mode & 0o022).toBe(0);
    expect(readdirSync(root)).toEqual(['a']);
  });

  it('keeps the mode of a file that it replaces', async () => {
    writeFileSync(join(root, 'a'), 'old');
    chmodSync(join(root, 'a'), 0o640);
    await writeAtomic(join(root, 'a'), 'new');
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o640);
  });

  it('writes through links, and keeps them', async () => {
    mkdirSync(join(root, 'real'));
    writeFileSync(join(root, 'real', 'a'), 'old');
    symlinkSync('real/a', join(root, 'one'));
    symlinkSync('one', join(root, 'two'));
    await writeAtomic(join(root, 'two'), 'new');
    expect(readFileSync(join(root, 'real', 'a'), 'utf8')).toBe('new');
    expect(readlinkSync(join(root, 'two'))).toBe('one');
    expect(lstatSync(join(root, 'real', 'a')).isFile()).toBe(true);
  });

  it('says so when links lead in a circle', async () => {
    symlinkSync('b', join(root, 'a'));
    symlinkSync('a', join(root, 'b'));
    await expect(writeAtomic(join(root, 'a'), 'x')).rejects.toThrow(/circle/);
  });

  it('replaces the file instead of changing it: whoever reads the old one reads it whole', async () => {
    writeFileSync(join(root, 'a'), 'old');
    const before = statSync(join(root, 'a')).ino;
    await writeAtomic(join(root, 'a'), 'new');
    expect(statSync(join(root, 'a')).ino).not.toBe(before);
  });

  it.skipIf(process.platform !== 'linux')(
    'takes away what a killed writer left beside it, and nothing else',
    async () => {
      const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
      const dead = execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
      writeFileSync(join(root, `.polyenv-${dead}.${namespace}-0123456789abcdef.tmp`), '');
      writeFileSync(join(root, `.polyenv-${process.pid}.${namespace}-0123456789abcdef.tmp`), '');
      writeFileSync(join(root, '.polyenv-notes.tmp'), '');
      await writeAtomic(join(root, 'a'), 'x');
      expect(readdirSync(root).sort()).toEqual(
        ['.polyenv-notes.tmp', `.polyenv-${process.pid}.${namespace}-0123456789abcdef.tmp`, 'a'].sort(),
      );
    },
  );

  it('names the file that cannot be written', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(writeAtomic(join(root, 'missing', 'a'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(root)).toEqual(['file']);
  });
});

describe('removeTree', () => {
  it('removes read-only trees', async () => {
    mkdirSync(join(root, 't/a/b'), { recursive: true });
    writeFileSync(join(root, 't/a/b/f'), '', { mode: 0o444 });
    for (const folder of ['t/a/b', 't/a', 't']) chmodSync(join(root, folder), 0o555);
    await removeTree(join(root, 't'));
    expect(existsSync(join(root, 't'))).toBe(false);
  });

  it('never follows a link, neither inside nor at the root', async () => {
    mkdirSync(join(root, 'precious'));
    writeFileSync(join(root, 'precious/f'), 'x');
    mkdirSync(join(root, 't'));
    symlinkSync('../precious', join(root, 't/link'));
    symlinkSync('precious', join(root, 'link'));
    await removeTree(join(root, 't'));
    await removeTree(join(root, 'link'));
    expect(readdirSync(root)).toEqual(['precious']);
    expect(readdirSync(join(root, 'precious'))).toEqual(['f']);
  });

  it('is content with what is not there', async () => {
    await removeTree(join(root, 'nothing'));
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('reading and folders', () => {
  it('reads text, or says that there is none', async () => {
    writeFileSync(join(root, 'a'), 'x');
    expect(await readTextIfAny(join(root, 'a'))).toBe('x');
    expect(await readTextIfAny(join(root, 'b'))).toBeUndefined();
    expect(await readTextIfAny(join(root, 'a/b'))).toBeUndefined();
  });

  it('is not held up by a pipe of that name', async () => {
    execFileSync('mkfifo', [join(root, 'p')]);
    expect(await readTextIfAny(join(root, 'p'))).toBeUndefined();
  });

  it('makes folders that nobody else may write', async () => {
    await ensureFolder(join(root, 'a/b'));
    await ensureFolder(join(root, 'a/b'));
    expect(statSync(join(root, 'a/b')).mode & 0o022).toBe(0);
  });

  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    [`Unknown system error -${constants.errno.EDQUOT}`, 'disk-full'],
    ['EIO', 'failed'],
    ['ENAMETOOLONG', 'path-refused'],
    ['EROFS', 'home-unwritable'],
    ['EACCES', 'home-unwritable'],
    ['EPERM', 'home-unwritable'],
  ])('translates %s', (code, expected) => {
    const error = translateFsError(Object.assign(new Error('x'), { code }), '/some/path');
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining('/some/path') });
    expect(error?.hint).toBeTruthy();
  });

  it.each([
    ['symlink', 'ENOTSUP', 'symbolic links'],
    ['symlink', 'EPERM', 'symbolic links'],
    ['chmod', 'ENOSYS', 'file modes'],
  ])('says what the file system has not, when %s ends with %s', (syscall, code, words) => {
    const error = translateFsError(Object.assign(new Error('x'), { code, syscall }), '/some/path');
    expect(error).toMatchObject({ code: 'home-unwritable', message: expect.stringContaining(words) });
  });

  it('leaves other errors alone', () => {
    expect(translateFsError(Object.assign(new Error('x'), { code: 'ENOENT' }), '/p')).toBeUndefined();
  });
});
