import { describe, expect, test } from 'vitest';
import { parseChecksum, parseChecksumList } from '../../src/domain/runtime/checksum-list';

const A = 'a'.repeat(64);
const B = 'B'.repeat(64);

describe('a list of checksums', () => {
  test('is read with the ways of writing that tools have', () => {
    const list = parseChecksumList(
      `\uFEFF${A}  one.tar.gz\r\n${B} *two.zip\r\n\r\n# said by hand\n${A}\t./three\n${B}  win-x64/node.exe\n${A}  with blank.txt  `,
    );
    expect([...list].map(([name, digest]) => [name, digest.value])).toEqual([
      ['one.tar.gz', A],
      ['two.zip', B.toLowerCase()],
      ['three', A],
      ['win-x64/node.exe', B.toLowerCase()],
      ['with blank.txt', A],
    ]);
  });

  test('finds a file by its whole name only', () => {
    const list = parseChecksumList(`${A}  win-x64/node.exe\n`);
    expect(list.get('node.exe')).toBeUndefined();
    expect(list.get('x64/node.exe')).toBeUndefined();
    expect(list.get('win-x64/node.exe')?.value).toBe(A);
  });

  test('may say the same twice, and must not say two things of one file', () => {
    expect(parseChecksumList(`${A}  x\n${A.toUpperCase()}  ./x\n`).size).toBe(1);
    expect(() => parseChecksumList(`${A}  x\n${B}  x\n`)).toThrow('two checksums of "x"');
  });

  test.each([`${A}`, `${A.slice(1)}  x`, `${A}0  x`, `${A}x  y`, '<html>', `x  ${A}`, `${A}   `])(
    'refuses %j',
    (line) => {
      expect(() => parseChecksumList(`${B}  first\n${line}\n`)).toThrow('line 2');
    },
  );

  test('holds sha512 where that is asked for', () => {
    const long = 'c'.repeat(128);
    expect(parseChecksumList(`${long}  x\n`, 'sha512').get('x')).toEqual({ kind: 'sha512', value: long });
    expect(() => parseChecksumList(`${long}  x\n`)).toThrow('line 1');
  });
});

describe('a checksum beside its file', () => {
  test('is the digest alone, or a line that names the file', () => {
    for (const text of [A, `${A.toUpperCase()}\r\n`, `\uFEFF${A}`, `${A}  x.zip\n`, `${B}  y.zip\n${A} *./x.zip\n`]) {
      expect(parseChecksum(text, 'x.zip').value).toBe(A);
    }
  });

  test('of another file is none', () => {
    expect(() => parseChecksum(`${A}  other-x.zip\n`, 'x.zip')).toThrow('no checksum of "x.zip"');
    expect(() => parseChecksum('', 'x.zip')).toThrow('no checksum');
    expect(() => parseChecksum(`${A}\n${B}\n`, 'x.zip')).toThrow();
  });
});
