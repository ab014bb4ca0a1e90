import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quoteDotenv, quoteFish, quoteSh } from '../../src/domain/words/shell-quote';

/** What random texts seldom hold. */
const ODD = [
  '=ls',
  'a:=ls',
  'x=~root',
  '~',
  '-n',
  '',
  "it's",
  '\\',
  "\\'",
  'esac',
  '$(id)',
  '`id`',
  '!!',
  '{a,b}',
  'a\nb',
  '#',
  '%',
];

describe('a text as one word', () => {
  it.each(ODD)('is what a POSIX shell, zsh and fish read: %j', (text) => {
    for (const [shell, word] of [
      ['/bin/sh', quoteSh(text)],
      ['/usr/bin/bash', quoteSh(text)],
      ['/usr/bin/zsh', quoteSh(text)],
      ['/usr/bin/fish', quoteFish(text)],
    ] as const) {
      if (!existsSync(shell)) continue;
      expect(execFileSync(shell, ['-c', `printf '[%s]' ${word}`], { encoding: 'utf8' }), shell).toBe(`[${text}]`);
    }
  });

  it('is quoted where zsh would look for a command of that name, also in an assignment', () => {
    expect([quoteSh('=ls'), quoteSh('/bin:=ls'), quoteSh('a=b')]).toEqual(["'=ls'", "'/bin:=ls'", "'a=b'"]);
  });

  it('is refused with a NUL, which no shell holds', () => {
    for (const quote of [quoteSh, quoteFish, quoteDotenv])
      expect(() => quote('a\0b')).toThrow(expect.objectContaining({ code: 'path-refused' }));
  });
});
