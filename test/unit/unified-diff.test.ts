import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unifiedDiff } from '../../src/domain/formats/unified-diff';
import { discard } from '../support/discard';

const numbered = (count: number, changed: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: count }, (_, index) => `${changed[index] ?? `line ${index}`}\n`).join('');

it.each([
  ['one line', numbered(20), numbered(20, { 9: 'new' })],
  ['two far apart', numbered(40), numbered(40, { 3: 'a', 30: 'b' })],
  ['two with six lines between', numbered(40), numbered(40, { 10: 'a', 17: 'b' })],
  ['two with seven lines between', numbered(40), numbered(40, { 10: 'a', 18: 'b' })],
  ['an insertion at the start', numbered(9), `new\n${numbered(9)}`],
  ['a removal at the end', numbered(9), numbered(8)],
  ['a missing final line end', 'a\nb\n', 'a\nb'],
  ['everything', 'a\nb\n', 'c\n'],
  ['a file that was empty', '', 'a\n'],
])('is what git apply makes the text from: %s', (_, before, after) => {
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-diff-'));
  try {
    writeFileSync(join(folder, 'file'), before);
    const diff = unifiedDiff('file', before, after);
    execFileSync('git', ['apply', '-p0', '-'], { cwd: folder, input: diff });
    expect(execFileSync('cat', ['file'], { cwd: folder }).toString()).toBe(after);
  } finally {
    discard(folder);
  }
});

it('shows a file that comes or goes, and nothing for what is the same', () => {
  expect(unifiedDiff('f', undefined, 'a\n')).toBe('--- /dev/null\n+++ f\n@@ -0,0 +1,1 @@\n+a\n');
  expect(unifiedDiff('f', 'a\n', undefined)).toBe('--- f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n');
  expect(unifiedDiff('f', 'a\n', 'a\n')).toBe('');
});

it('stays quick where everything of a large file differs', () => {
  const before = numbered(6000);
  const after = before.replaceAll('line', 'row');
  expect(unifiedDiff('f', before, after).split('\n')).toHaveLength(12_004);
});
